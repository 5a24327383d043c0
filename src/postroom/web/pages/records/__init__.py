"""Leads and tickets: lists, a record and its conversation."""
