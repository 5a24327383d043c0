"""`mail.default.from` becomes a view of the first alias domain's default-from: what somebody set moves there."""

from __future__ import annotations

from typing import Any

from django.db import migrations

KEY = "mail.default.from"


def move(apps: Any, schema_editor: Any) -> None:
    """Without a domain the row stays and means nothing."""
    set_ = apps.get_model("infra", "Parameter").objects.filter(key=KEY).first()
    first = apps.get_model("domains", "AliasDomain").objects.order_by("priority", "pk").first()
    if set_ is None or first is None:
        return
    if set_.value:
        first.default_from = set_.value
        first.save(update_fields=["default_from"])
    set_.delete()


class Migration(migrations.Migration):
    dependencies = [("domains", "0002_former_separators"), ("infra", "0004_search")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
