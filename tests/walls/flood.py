"""Flood of a tenant: all that costs AVA something, again and again, as fast as AVA answers."""

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.walls.tenants import Tenant
from tests.walls.world import OURS, spoken
from vapi_settings.webhooks import LARGEST

FLOODERS = 4
"""Requests of Eve's at a time. Each flooder makes one of each kind in turn."""
RECIPIENTS = 5_000


@dataclass(frozen=True)
class Flood:
    """What Eve asks for.

    Args:
        assistant: her own. Edits of one and the same would take turns.
    """

    eve: Tenant
    assistant: str

    def reads(self, number: int) -> Iterator[Any]:
        yield self.eve.call("GET", "/twilio/numbers")
        yield self.eve.call("GET", "/twilio/messages?limit=200&search=planted")

    def texts(self, number: int) -> Iterator[Any]:
        """Messages that come in."""
        fields = {"MessageSid": f"SM-flood-{number}", "SmsStatus": "received", "Body": "x" * 1600}
        yield self.eve.twilio("message", fields | {"From": _person(number), "To": OURS})

    def batches(self, number: int) -> Iterator[Any]:
        """Nearly a megabyte each, until the day's allowance is spent."""
        texts = [{"to": _person(number, place), "body": "x" * 150} for place in range(RECIPIENTS)]
        batch = {"from": OURS, "messages": texts, "per_minute": 600}
        yield self.eve.call("POST", "/twilio/messages/bulk", batch)

    def edits(self, number: int) -> Iterator[Any]:
        whose = f"?assistant_id={self.assistant}"
        value = {"value": number % 20 / 10}
        yield self.eve.call("PUT", f"/vapi/settings/temperature{whose}", value)
        note = {"value": "x" * 8000}
        yield self.eve.call("PUT", f"/vapi/settings/note_{number % 9}{whose}", note)
        for provider, values in self.eve.keys.credentials.items():
            yield self.eve.call("PUT", f"/integrations/{provider}/credentials", values)

    def schedules(self, number: int) -> Iterator[Any]:
        """Jobs that are due in a moment."""
        soon = (timezone.now() + timedelta(seconds=1)).isoformat()
        wanted = {"to": _person(number), "from": OURS, "send_at": soon}
        yield self.eve.call("POST", "/twilio/calls", wanted | {"say": "x" * 900})
        yield self.eve.call("POST", "/twilio/messages", wanted | {"body": "x" * 1600})

    def reports(self, number: int) -> Iterator[Any]:
        """The largest bodies that AVA reads."""
        message = spoken("end_of_call_report")
        message["call"] |= {"id": f"flood-{number}", "phoneCallProviderId": None}
        message["artifact"]["transcript"] = "x" * (LARGEST - 64 * 1024)
        yield self.eve.vapi(message)

    KINDS = (reads, texts, batches, edits, schedules, reports)

    @contextmanager
    def going_on(self) -> Iterator[Counter[str]]:
        """Flood meanwhile. How many requests of each kind AVA has taken."""
        enough = threading.Event()
        numbers = itertools.count()
        taken: Counter[str] = Counter()

        def repeat(first: int) -> None:
            for kind in itertools.islice(itertools.cycle(self.KINDS), first, None):
                answers = list(kind(self, next(numbers)))
                taken[kind.__name__] += sum(answer.status_code < 400 for answer in answers)
                if enough.is_set():
                    return

        with ThreadPoolExecutor(FLOODERS) as threads:
            floods = [threads.submit(repeat, first) for first in range(FLOODERS)]
            try:
                yield taken
            finally:
                enough.set()
        for flood in floods:
            flood.result()


def _person(number: int, place: int = 0) -> str:
    return f"+1415{number % 1000:03}{place:04}"
