"""The one file that passes from the learning wing to the inspection wing."""
