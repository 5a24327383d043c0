"""Filters: one suite for all of them, and what is each one's own."""
