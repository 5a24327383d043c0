"""Migrations of records."""
