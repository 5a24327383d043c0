"""The Django app of domains."""

from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "postroom.domains"
    label = "domains"

    def ready(self) -> None:
        from postroom.domains import attention  # noqa: F401, PLC0415 it registers its checks
