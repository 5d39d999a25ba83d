from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0005_newest_by_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="traceparent",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The span that asked first.",
                max_length=55,
            ),
        ),
    ]
