"""From a bundle and pictures to verdicts. Never imports torch."""
