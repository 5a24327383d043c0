"""The Django app of outbound."""

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "postroom.outbound"
    label = "outbound"
