"""Fills the database of this process's configuration: `python -m bench.prepare_crowd RECORDS MESSAGES`."""

from __future__ import annotations

from importlib import import_module

import django

if __name__ == "__main__":
    django.setup()
    import_module("bench.crowd").main()
