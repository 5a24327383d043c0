"""Bytes to `Mail`, and a draft to bytes."""
