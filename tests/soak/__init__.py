"""Kills processes at random moments while mail arrives, and then looks for every mail that was promised to be kept."""
