"""Search: conversations, records and contacts, and the palette that leads anywhere."""
