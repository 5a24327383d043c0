from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outbound', '0002_letters_by_domain'),
    ]

    operations = [
        migrations.AddField(
            model_name='letter',
            name='secret',
            field=models.BinaryField(null=True),
        ),
    ]
