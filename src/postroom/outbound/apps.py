"""The Django app of outbound."""

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "postroom.outbound"
    label = "outbound"

    def ready(self) -> None:
        from postroom.outbound import (  # noqa: F401, PLC0415 they register what they know
            attention,
            identity_attention,
            limit_attention,
            our_addresses,
            proof_attention,
        )
