"""Providers of mail as data: how each is reached, what it sends for, and what it is known to refuse."""
