"""Fitting a network. The only folder that imports lightning and torchmetrics."""
