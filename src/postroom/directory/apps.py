"""The Django app of directory."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "postroom.directory"
    label = "directory"

    def ready(self) -> None:
        from postroom.directory import alone, overdue, searching  # noqa: F401, PLC0415 they register what they know
