"""The Outbox: every copy that leaves, as its recipient sees it."""
