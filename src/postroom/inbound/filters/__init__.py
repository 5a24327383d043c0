"""Filters that are asked about each mail that arrives; one file each, described in `protocol`."""
