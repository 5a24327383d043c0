"""Attachments above a server's size go as links, one for each copy and file."""

from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import CASCADE, SET_NULL


class Migration(migrations.Migration):
    dependencies = [("outbound", "0009_why_copies_wait"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField("dispatch", "linked", models.JSONField(null=True)),
        migrations.CreateModel(
            "DownloadLink",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("secret", models.BinaryField()),
                ("said_until", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("first_opened_at", models.DateTimeField(null=True)),
                ("opened", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("delivery", models.ForeignKey("outbound.delivery", on_delete=CASCADE, related_name="links")),
                ("part", models.ForeignKey("outbound.letterfile", on_delete=CASCADE, related_name="links")),
                (
                    "revoked_by",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL, null=True, on_delete=SET_NULL, related_name="+", db_index=False
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("delivery", "part"), name="link_once")],
            },
        ),
    ]
