"""Limits a minute and an hour beside that of a day, paces that are learnt, and an index of what waits for a limit."""

from django.db import migrations, models

LIMITS = ("server-limit", "sender-limit", "destination-limit", "company-limit")


class Migration(migrations.Migration):
    dependencies = [("outbound", "0011_what_waits")]

    operations = [
        migrations.CreateModel(
            name="SendingPace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("company", models.BigIntegerField(default=0)),
                (
                    "scope",
                    models.CharField(
                        max_length=12,
                        choices=[
                            ("server", "server"),
                            ("sender", "sender domain"),
                            ("destination", "destination domain"),
                            ("company", "company"),
                        ],
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("minute_limit", models.PositiveIntegerField(default=0)),
                ("hour_limit", models.PositiveIntegerField(default=0)),
                ("day_limit", models.PositiveIntegerField(default=0)),
                ("state", models.JSONField(default=dict)),
                ("learnt_rate", models.FloatField(default=0.0)),
                ("waits_until", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["company", "scope", "key"], name="pace_once")],
            },
        ),
        migrations.AddField("outgoingserver", "minute_limit", models.PositiveIntegerField(default=0)),
        migrations.AddField("outgoingserver", "hour_limit", models.PositiveIntegerField(default=0)),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["reason", "lane", "due"],
                name="delivery_limited",
                condition=models.Q(reason__in=LIMITS, due__isnull=False),
            ),
        ),
    ]
