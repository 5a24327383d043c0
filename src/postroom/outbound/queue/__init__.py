"""The queue as people see it: what waits and why, and what they decide about it."""
