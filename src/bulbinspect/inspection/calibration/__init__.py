"""Probabilities and thresholds chosen anew for a bundle."""
