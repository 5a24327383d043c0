"""The Django app of conversations."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "postroom.conversations"
    label = "conversations"

    def ready(self) -> None:
        from postroom.conversations import contacts, receivers, searching  # noqa: F401, PLC0415 models come first
        from postroom.outbound.events import delivery_changed  # noqa: PLC0415 as above
        from postroom.records.events import records_assigned, records_made  # noqa: PLC0415 as above

        delivery_changed.receive(receivers.on_deliveries)
        records_made.receive(receivers.on_made)
        records_assigned.receive(receivers.on_assigned)
