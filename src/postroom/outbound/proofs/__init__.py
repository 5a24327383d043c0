"""The proof of an alias domain: mails that go round, and what came of them."""
