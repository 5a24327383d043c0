"""What a copy waits for, the domain that it goes to, the class of the last reply, and the server that a person chose."""

from typing import Any

from django.db import migrations, models


def name_destinations(apps: Any, _editor: Any) -> None:
    """Of copies that may still be sent; those that ended are not grouped by it."""
    rows = apps.get_model("outbound", "Delivery").objects.filter(state__in=("held", "queued", "claimed", "unknown"))
    for key, address in rows.values_list("pk", "address").iterator():
        rows.filter(pk=key).update(destination=address.rpartition("@")[2])


class Migration(migrations.Migration):
    dependencies = [("outbound", "0008_proof_way_in")]

    operations = [
        migrations.AddField("delivery", "destination", models.CharField(default="", max_length=255)),
        migrations.AddField("delivery", "reason", models.CharField(default="", max_length=24)),
        migrations.AddField("delivery", "reply_class", models.CharField(default="", max_length=24)),
        migrations.AddField("delivery", "server", models.BigIntegerField(null=True)),
        migrations.RunPython(name_destinations, migrations.RunPython.noop),
    ]
