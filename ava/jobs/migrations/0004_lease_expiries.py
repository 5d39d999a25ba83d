from django.db import migrations, models


class Migration(migrations.Migration):
    """A new name in Python; the column keeps its own, which the release before knows."""

    dependencies = [("jobs", "0003_tenant")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="takeovers",
            field=models.PositiveIntegerField(
                db_column="takeovers",
                default=0,
                help_text="How often its process ended in the middle.",
            ),
        ),
        migrations.RenameField("job", "takeovers", "lease_expiries"),
        migrations.AlterField(
            model_name="job",
            name="lease_until",
            field=models.DateTimeField(
                blank=True, help_text="Until then no other process runs it.", null=True
            ),
        ),
    ]
