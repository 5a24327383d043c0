"""The choice of a server in sentences: every candidate, and why or why not."""
