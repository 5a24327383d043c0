"""The Django app of outbound."""

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "postroom.outbound"
    label = "outbound"

    def ready(self) -> None:
        from postroom.outbound import our_addresses  # noqa: F401, PLC0415 they register what they know
        from postroom.outbound.attention import identities, limits, proofs, queues  # noqa: F401, PLC0415
