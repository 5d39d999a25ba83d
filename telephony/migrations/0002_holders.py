import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Opt-outs and paces belong to whoever has the account's token. Nothing is in these tables
    yet: no release wrote to them."""

    dependencies = [("telephony", "0001_initial")]

    operations = [
        migrations.DeleteModel("OptOut"),
        migrations.DeleteModel("Pace"),
        migrations.CreateModel(
            name="OptOut",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "holder",
                    models.CharField(
                        max_length=40, help_text="For whom: a user's ID, or operator."
                    ),
                ),
                ("number", models.CharField(max_length=32, help_text="The account's.")),
                (
                    "person",
                    models.CharField(max_length=32, help_text="Who wants no messages of it."),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("holder", "number", "person"), name="one_opt_out_for_a_pair"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "holder",
                    models.CharField(max_length=40, help_text="Whose: a user's ID, or operator."),
                ),
                ("number", models.CharField(max_length=32)),
                ("free_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("holder", "number"), name="one_pace_for_a_number"
                    )
                ]
            },
        ),
    ]
