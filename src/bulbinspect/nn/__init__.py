"""Layers, from which `models` assembles networks."""
