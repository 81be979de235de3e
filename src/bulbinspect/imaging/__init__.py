"""Pixels: open a gray picture or say why not, and bring it to the network's size."""
