"""The steps of a mail's way out, in the order of `outbound.pipeline`."""
