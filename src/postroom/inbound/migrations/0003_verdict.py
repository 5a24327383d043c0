from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbound", "0002_unusual_states"),
    ]

    operations = [
        migrations.AddField("inboundmail", "level", models.CharField(default="", max_length=12)),
        migrations.AddField("inboundmail", "verdict", models.TextField(default="")),
    ]
