"""Files that went as links, for whoever got one: the only pages that are for people without an account."""
