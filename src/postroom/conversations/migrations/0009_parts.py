"""What is known of the parts of mails: invitations, risks, what need not be listed; pictures that were seen before."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0008_people"),
        ("directory", "0005_undo_seconds"),
    ]

    operations = [
        migrations.AddField("message", "invitation", models.JSONField(default=dict)),
        migrations.AddField("attachment", "risk", models.CharField(default="unjudged", max_length=10)),
        migrations.AddField("attachment", "aside", models.CharField(default="", max_length=10)),
        migrations.CreateModel(
            name="SeenPicture",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "company",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.company",
                    ),
                ),
                ("seen_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["seen_at"], name="seen_picture_old")]},
        ),
    ]
