"""Migrations of infra."""
