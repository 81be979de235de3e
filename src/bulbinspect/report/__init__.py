"""Pages from plain results."""
