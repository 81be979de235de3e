"""The command line: one file per verb, each importing its folder only when called."""
