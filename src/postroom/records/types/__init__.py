"""The record types, one a file; each is a stranger to the others."""
