import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Opt-outs are looked for by person, and SIP addresses are kept whole."""

    dependencies = [
        ("telephony", "0009_ids_by_holder"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="optout",
            options={"ordering": ["-at", "-id"]},
        ),
        migrations.AlterField(
            model_name="batch",
            name="from_number",
            field=models.CharField(max_length=320, verbose_name="from"),
        ),
        migrations.AlterField(
            model_name="call",
            name="from_number",
            field=models.CharField(max_length=320, verbose_name="from"),
        ),
        migrations.AlterField(
            model_name="call",
            name="to",
            field=models.CharField(max_length=320),
        ),
        migrations.AlterField(
            model_name="message",
            name="from_number",
            field=models.CharField(max_length=320, verbose_name="from"),
        ),
        migrations.AlterField(
            model_name="message",
            name="to",
            field=models.CharField(max_length=320),
        ),
        migrations.AlterField(
            model_name="optout",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="Of the wish."),
        ),
        migrations.AlterField(
            model_name="optout",
            name="number",
            field=models.CharField(
                blank=True,
                help_text="The account's, which they wrote to; empty where a user entered it.",
                max_length=320,
            ),
        ),
        migrations.AlterField(
            model_name="optout",
            name="person",
            field=models.CharField(help_text="Whose wish it is.", max_length=320),
        ),
        migrations.AlterField(
            model_name="optout",
            name="stopped",
            field=models.BooleanField(default=True, help_text="Wants no calls and messages."),
        ),
        migrations.AlterField(
            model_name="pace",
            name="number",
            field=models.CharField(max_length=320),
        ),
        migrations.AddIndex(
            model_name="optout",
            index=models.Index(fields=["holder", "person", "at"], name="opt_outs_of_a_person"),
        ),
        migrations.AddIndex(
            model_name="optout",
            index=models.Index(fields=["holder", "-at", "-id"], name="opt_outs_by_time"),
        ),
    ]
