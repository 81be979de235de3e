"""Labels that may be wrong, found by runs that never saw the bulb."""
