"""The rules of the house, as tests: what a reviewer would say about every change."""
