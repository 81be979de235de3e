"""Why a bulb got its answer."""
