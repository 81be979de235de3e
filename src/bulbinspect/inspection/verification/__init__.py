"""The check at the start of a shift, on golden bulbs."""
