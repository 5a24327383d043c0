from __future__ import annotations

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_undo_seconds"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="contactaddress",
            index=models.Index(
                models.F("company"),
                django.db.models.functions.text.Replace(
                    django.db.models.functions.text.Substr(
                        "email",
                        models.Value(1),
                        django.db.models.functions.comparison.Greatest(
                            django.db.models.functions.text.StrIndex(
                                django.db.models.functions.text.Replace("email", models.Value("@"), models.Value("+@")),
                                models.Value("+"),
                            )
                            - models.Value(1),
                            models.Value(0),
                        ),
                    ),
                    models.Value("."),
                    models.Value(""),
                ),
                django.db.models.functions.text.Substr(
                    "email", django.db.models.functions.text.StrIndex("email", models.Value("@"))
                ),
                name="contact_address_alike",
            ),
        ),
    ]
