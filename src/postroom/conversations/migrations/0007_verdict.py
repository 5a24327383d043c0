from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0006_what_has_not_left"),
    ]

    operations = [
        migrations.AddField("message", "level", models.CharField(default="", max_length=12)),
        migrations.AddField("message", "verdict", models.TextField(default="")),
        migrations.AddField("message", "marks", models.JSONField(default=list)),
    ]
