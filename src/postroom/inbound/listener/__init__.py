"""The process behind the doors: sessions, the committer, the address table, refusals and errands."""
