"""What a domain does with mail under an address of our own people that nothing proves, and whose seals it believes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domains", "0004_tags_seen")]

    operations = [
        migrations.AddField(
            "aliasdomain",
            "unproved",
            models.CharField(
                choices=[
                    ("flag", "take it, and show that nothing proves it"),
                    ("hold", "hold it for a person"),
                    ("refuse", "refuse it"),
                ],
                default="flag",
                max_length=8,
            ),
        ),
        migrations.AddField("aliasdomain", "trusted_forwarders", models.TextField(blank=True, default="")),
    ]
