"""The attribute agreement study: how far verdicts repeat and agree."""
