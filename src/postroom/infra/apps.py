"""The Django app of infra."""

from django.apps import AppConfig


class InfraConfig(AppConfig):
    name = "postroom.infra"
    label = "infra"

    def ready(self) -> None:
        from postroom.infra import logs  # noqa: PLC0415 settings have to be there first
        from postroom.infra.database.connections import watch_connections  # noqa: PLC0415 as above

        logs.set_up()
        watch_connections()
