"""Developer mode: what holds for the whole installation, for those who run it."""
