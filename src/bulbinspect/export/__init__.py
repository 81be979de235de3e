"""From a trained network to a bundle that provably does the same."""
