"""Tags are proved by a round trip: what a person ticked so far becomes their override."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def override(apps: Any, schema_editor: Any) -> None:
    ticked = apps.get_model("domains", "AliasDomain").objects.filter(tags_proved_at__isnull=False)
    ticked.update(tags_overridden=True, tags_proved_at=None)


class Migration(migrations.Migration):
    dependencies = [("domains", "0003_default_from")]

    operations = [
        migrations.AddField(model_name="aliasdomain", name="tags_lost_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="aliasdomain", name="tags_overridden", field=models.BooleanField(default=False)
        ),
        migrations.RunPython(override, migrations.RunPython.noop),
    ]
