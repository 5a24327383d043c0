"""Contacts: the list, the page of one with its conversations, making two into one."""
