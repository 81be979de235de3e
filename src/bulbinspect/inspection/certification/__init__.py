"""Whether a verdict hangs on which camera saw which side."""
