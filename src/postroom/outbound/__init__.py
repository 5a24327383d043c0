"""A mail's way out: letters, their copies, the servers they leave by."""
