"""Wiring only: settings, URLs, the ASGI application, the command line and the supervisor."""
