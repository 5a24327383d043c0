"""The Django app of domains."""

from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "postroom.domains"
    label = "domains"

    def ready(self) -> None:
        from postroom.domains import attention, parameters  # noqa: F401, PLC0415 attention registers its checks

        parameters.offer()
