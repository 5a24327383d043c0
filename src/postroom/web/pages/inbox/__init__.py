"""The Inbox: what waits for the reader."""
