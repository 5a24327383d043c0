"""Which addresses are ours: alias domains, aliases, retired addresses, token keys."""
