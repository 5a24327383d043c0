from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0007_verdict"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "participant",
            "way",
            models.CharField(
                blank=True,
                choices=[
                    ("wrote", "wrote a mail"),
                    ("to", "was addressed in a mail"),
                    ("cc", "had a copy of a mail"),
                    ("asked", "was written to by one of us"),
                    ("forwarded", "wrote what one of us passed on"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField("participant", "level", models.CharField(blank=True, default="", max_length=12)),
        migrations.CreateModel(
            name="Forwarded",
            fields=[
                (
                    "thread",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="forwarded",
                        serialize=False,
                        to="conversations.thread",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.message"
                    ),
                ),
                ("email", models.CharField(max_length=320)),
                ("name", models.TextField(default="")),
                ("former", models.BigIntegerField(default=0)),
                ("joined", models.BooleanField(default=False)),
                (
                    "taken_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("taken_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
