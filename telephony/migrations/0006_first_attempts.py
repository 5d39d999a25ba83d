from django.db import migrations, models

FIRST = models.DateTimeField(
    blank=True, help_text="The provider cannot have taken it earlier.", null=True
)


class Migration(migrations.Migration):
    dependencies = [("telephony", "0005_held_batches")]

    # Where it is empty a search begins with the creation, which is earlier.
    operations = [
        migrations.AddField("call", "first_attempt_at", FIRST),
        migrations.AddField("message", "first_attempt_at", FIRST),
    ]
