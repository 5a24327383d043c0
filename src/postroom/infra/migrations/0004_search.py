"""What is searched. All that stands already waits to be indexed, in the background."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from postroom.infra.database.words import create_index, drop_index

KINDS = ("record", "contact", "message")


def make(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        create_index(cursor)
    pending = apps.get_model("infra", "SearchPending")
    pending.objects.bulk_create([pending(kind=kind) for kind in KINDS])


def unmake(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        drop_index(cursor)


class Migration(migrations.Migration):
    dependencies = [("infra", "0003_resting_action")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("scope", models.CharField(max_length=8)),
                ("place", models.BigIntegerField()),
                ("about", models.BigIntegerField(default=0)),
                ("words", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["scope", "-place"], name="search_newest"),
                    models.Index(fields=["about", "-place"], name="search_about"),
                ]
            },
        ),
        migrations.CreateModel(
            name="SearchPending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rows", models.JSONField(default=dict)),
                ("kind", models.CharField(default="", max_length=20)),
                ("after", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(make, unmake),
    ]
