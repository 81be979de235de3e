"""A data set looked at as a whole: facts of every picture, and what follows from them; no model."""
