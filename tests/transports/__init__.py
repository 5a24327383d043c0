"""Transports: one suite for all, and the ways in which a server can fail."""
