"""Whether a line is still what a bundle was made with."""
