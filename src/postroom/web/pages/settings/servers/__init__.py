"""Outgoing servers: the list, the form, its test and the simulator."""
