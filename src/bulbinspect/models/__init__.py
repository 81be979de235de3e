"""Networks assembled from `nn`, and the spec that names them."""
