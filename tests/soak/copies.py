"""Prints every copy's address and state as JSON."""

from __future__ import annotations

import json
from importlib import import_module

import django

if __name__ == "__main__":
    django.setup()
    deliveries = import_module("postroom.outbound.models").Delivery.objects
    print(json.dumps(list(deliveries.values_list("address", "state"))))
