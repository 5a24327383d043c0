"""The Django app of inbound."""

from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "postroom.inbound"
    label = "inbound"

    def ready(self) -> None:
        from postroom.inbound import attention  # noqa: F401, PLC0415 it registers its checks
