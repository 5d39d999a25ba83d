import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbound", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Volume",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("provider", models.CharField(max_length=32)),
                ("deliveries", models.PositiveIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
            ],
            options={
                "verbose_name": "webhooks of an account",
                "verbose_name_plural": "webhooks by account",
                "ordering": ("-day", "-size"),
            },
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_stored_once",
        ),
        migrations.AddField(
            model_name="refusal",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("provider", "kind", "delivery_id", "owner"), name="delivery_stored_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner", None)),
                fields=("provider", "kind", "delivery_id"),
                name="delivery_of_nobody_stored_once",
            ),
        ),
        migrations.AddField(
            model_name="volume",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="volume",
            constraint=models.UniqueConstraint(
                fields=("day", "provider", "owner"), name="volume_of_an_account_and_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="volume",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner", None)),
                fields=("day", "provider"),
                name="volume_of_nobody_and_day",
            ),
        ),
    ]
