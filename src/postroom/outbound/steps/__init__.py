"""The steps of the way out, one a file; their order stands in `outbound.pipeline`."""
