"""What waits is found by company, reason and lane, oldest first; decisions about many copies."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = [("running", "Running"), ("done", "Done"), ("stopped", "Stopped"), ("failed", "Failed")]


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0004_contacts"),
        ("outbound", "0010_download_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=models.Q(("due__isnull", False)),
                fields=["company", "reason", "lane", "id", "due"],
                name="delivery_waiting",
            ),
        ),
        migrations.CreateModel(
            name="QueueOperation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("who", models.TextField()),
                ("companies", models.JSONField()),
                ("company", models.BigIntegerField(default=0)),
                ("verb", models.CharField(max_length=24)),
                ("arguments", models.JSONField(default=dict)),
                ("filter", models.JSONField(default=dict)),
                ("highest", models.BigIntegerField()),
                ("position", models.BigIntegerField(default=0)),
                ("total", models.IntegerField()),
                ("done", models.IntegerField(default=0)),
                ("skipped", models.IntegerField(default=0)),
                ("why", models.JSONField(default=dict)),
                ("state", models.CharField(choices=STATES, default="running", max_length=8)),
                ("words", models.TextField(default="")),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "running")), fields=["id"], name="operation_running"),
                    models.Index(fields=["company", "-id"], name="operation_list"),
                ],
            },
        ),
    ]
