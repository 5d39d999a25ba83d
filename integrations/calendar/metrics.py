"""Metrics of calendar connections (docs/INTEGRATIONS.md, Metrics)."""

from prometheus_client import Counter

from integrations.calendar.providers import NAMES

REFRESHES = Counter(
    "ava_oauth_refreshes", "Access tokens asked for, by outcome.", ["service", "outcome"]
)
SIGN_INS = Counter(
    "ava_oauth_sign_ins", "Sign-ins that came back, by outcome.", ["service", "outcome"]
)

for _service in NAMES:  # at 0: a rate over a missing series is no answer
    for _outcome in ("renewed", "ended", "failed"):
        REFRESHES.labels(_service, _outcome)
    for _outcome in ("connected", "denied", "incomplete", "refused", "failed"):
        SIGN_INS.labels(_service, _outcome)
