"""Servers that take mail: their fields and checks, the test of a connection, what is learnt of them."""
