"""The Django app of conversations."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "postroom.conversations"
    label = "conversations"

    def ready(self) -> None:
        from postroom.conversations.receivers import on_deliveries  # noqa: PLC0415 models have to be there first
        from postroom.outbound.events import delivery_changed  # noqa: PLC0415 as above

        delivery_changed.receive(on_deliveries)
