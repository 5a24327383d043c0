"""The steps of the way in, one a file; their order stands in `inbound.pipeline`."""
