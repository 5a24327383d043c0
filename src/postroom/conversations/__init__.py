"""Threads and their messages, attachments, participants and followers."""
