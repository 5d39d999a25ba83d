"""Activity about a person: its summaries end in the last digits of a number."""

from collections.abc import Iterator

from ava.activity.models import Activity
from ava.erasure.person import Person
from ava.erasure.steps import Step


def steps(person: Person) -> Iterator[Step]:
    last = f"…{person.text[-4:]}"
    rows = Activity.objects.filter(summary__contains=last)
    keys = [
        row.pk
        for row in rows.iterator(chunk_size=500)
        if {row.correlation_id, row.link.rpartition("/")[2]} & person.references
    ]

    def redact(row: Activity) -> None:
        row.summary = row.summary.replace(last, "…")

    yield Step(Activity, keys, ("summary",), redact)
