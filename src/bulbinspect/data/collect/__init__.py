"""A folder of pictures, and perhaps a CSV of labels, made into a manifest."""
