from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_urgent")]

    operations = [
        migrations.AddField(
            "job",
            "tenant",
            # Null is what a release that does not know the column writes, too.
            models.CharField(
                blank=True, help_text="The user it is done for.", max_length=40, null=True
            ),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                condition=Q(state="queued"),
                fields=["urgent", "tenant", "due_at"],
                name="job_due_by_tenant",
            ),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                condition=Q(state="queued", sent_until__isnull=False),
                fields=["sent_until"],
                name="job_at_celery",
            ),
        ),
    ]
