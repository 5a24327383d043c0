"""Where a mail goes: facts in, decisions with reasons out."""
