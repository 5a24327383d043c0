"""The rules of routing, one a file; their order stands in `core.routing.chain`."""
