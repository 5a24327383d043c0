"""The small company of `postroom demo`: who is in it, the mail that reached it, and how both are loaded."""
