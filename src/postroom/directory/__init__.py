"""Who is who: companies, users and their roles, contacts and their addresses, API tokens."""
