"""The Django app of records."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "postroom.records"
    label = "records"

    def ready(self) -> None:
        from postroom.records import attention, contacts, searching  # noqa: F401, PLC0415 they register what they know
