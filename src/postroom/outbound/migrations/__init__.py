"""Database history of outbound."""
