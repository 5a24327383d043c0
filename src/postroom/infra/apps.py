"""The Django app of infra."""

from django.apps import AppConfig


class InfraConfig(AppConfig):
    name = "postroom.infra"
    label = "infra"

    def ready(self) -> None:
        from postroom.infra import logs
        from postroom.infra.database.base import watch_connections

        logs.set_up()
        watch_connections()
