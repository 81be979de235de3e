"""How well a bundle judges bulbs whose labels are known. Only `calibration` may know it."""
