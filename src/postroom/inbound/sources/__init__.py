"""The doors by which mail comes: each calls `inbound.services.accept` and nothing else of ours."""
