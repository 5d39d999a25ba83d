"""Metrics of calendars (docs/OPERATIONS.md, Metrics)."""

from datetime import UTC, datetime, time

from django.conf import settings
from prometheus_client import Counter, Gauge

from integrations.calendar.events.states import EVENT
from integrations.calendar.providers import NAMES

REFRESHES = Counter(
    "ava_oauth_refreshes", "Access tokens asked for, by outcome.", ["service", "outcome"]
)
SIGN_INS = Counter(
    "ava_oauth_sign_ins", "Sign-ins that came back, by outcome.", ["service", "outcome"]
)
EVENTS = Counter(
    "ava_calendar_events", "Events of AVA's that reached a status.", ["service", "status"]
)

for _service in NAMES:  # at 0: a rate over a missing series is no answer
    for _outcome in ("renewed", "ended", "failed"):
        REFRESHES.labels(_service, _outcome)
    for _outcome in ("connected", "denied", "incomplete", "refused", "failed"):
        SIGN_INS.labels(_service, _outcome)
    for _status in EVENT.ranks:
        EVENTS.labels(_service, _status)

SECRET_EXPIRES = Gauge(
    "ava_client_secret_expires_timestamp_seconds",
    "When the client secret of the operator's app expires (Unix time), where that is set.",
    ["service"],
    multiprocess_mode="max",
)
for _service, _day in settings.CLIENT_SECRET_EXPIRES.items():
    if _day is not None:
        SECRET_EXPIRES.labels(_service).set(datetime.combine(_day, time(), UTC).timestamp())
