"""Servers that are down, as all workers know of them; whether another may take over; what waits for one."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("outbound", "0013_server_for_many")]

    operations = [
        migrations.CreateModel(
            name="Circuit",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("name", models.TextField(default="")),
                ("opened_at", models.DateTimeField(null=True)),
                ("words", models.TextField(default="")),
                ("failures", models.PositiveIntegerField(default=0)),
                ("calls_back", models.BooleanField(default=False)),
                ("due", models.DateTimeField(null=True)),
                ("lease_token", models.CharField(default="", max_length=32)),
                ("lease_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField("outgoingserver", "failover", models.BooleanField(default=False)),
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["lane", "id"], name="delivery_server_down", condition=Q(reason="server-down")),
        ),
    ]
