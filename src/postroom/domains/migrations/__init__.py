"""Migrations of domains."""
