"""Migrations of inbound."""
