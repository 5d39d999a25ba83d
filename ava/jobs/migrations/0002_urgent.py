from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AddField(
            "job",
            "urgent",
            # Of the database's own accord, for a release that does not know the column yet.
            models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                condition=Q(state="queued"),
                fields=["urgent", "due_at"],
                name="job_due_by_urgency",
            ),
        ),
        migrations.RemoveIndex("job", "job_due"),
    ]
