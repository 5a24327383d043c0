"""Kills processes at random moments, looks for every mail that was promised to be kept, reads changed mail."""
