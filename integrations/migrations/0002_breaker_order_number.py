from django.db import migrations, models


def number_the_orders(apps, schema_editor):
    """An order that stands must have a number to be obeyed."""
    control = apps.get_model("integrations", "BreakerControl")
    control.objects.filter(updated_at__isnull=False).update(number=1)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="breakercontrol",
            name="number",
            field=models.PositiveBigIntegerField(
                default=0,
                help_text="Of the order; a breaker obeys each number once, and no lower one.",
            ),
        ),
        migrations.RunPython(number_the_orders, migrations.RunPython.noop),
        migrations.RemoveField(model_name="breakercontrol", name="reset_count"),
    ]
