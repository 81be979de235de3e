"""Drawn bulbs: bodies of revolution with defects on their surface, photographed from several sides.

Lengths are in picture widths (1.0 is the width of a picture, whatever its size in pixels), angles
in radians, heights from 0 (the foot of the body) to 1 (its top).
"""
