"""Numbers from labels and probabilities. Functions of arrays, nothing else."""
