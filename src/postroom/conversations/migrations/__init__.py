"""Migrations of conversations."""
