"""Prints the arrivals that are still open, a line each."""

from __future__ import annotations

from importlib import import_module

import django

if __name__ == "__main__":
    django.setup()
    mails = import_module("postroom.inbound.models").InboundMail
    for row in mails.objects.exclude(due=None)[:20]:
        print(f"arrival {row.pk} is left open in state {row.state}")
