"""REST over services and selectors; no rules of its own."""
