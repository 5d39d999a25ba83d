"""Metrics of webhooks."""

from prometheus_client import Counter

WEBHOOKS = Counter(
    "ava_webhooks", "Webhooks by what became of them.", ["provider", "kind", "outcome"]
)
OUTCOMES = (
    "accepted",
    "duplicate",
    "forged",
    "malformed",
    "too_large",
    "limited",
    "not_taken",
    "failed",
)
