"""Environment of the peers, and the work that all do: a Vapi assistant in, its settings out."""

import os
from datetime import datetime
from typing import Any

from vapi_settings import catalogue

UPSTREAM = os.environ["PEER_UPSTREAM"]
REDIS = os.environ.get("PEER_REDIS", "")
"""URL of the Redis that holds copies, sessions and limits; empty: this process holds them."""
SECRET = os.environ["PEER_SECRET"]
SESSIONS = [str(number) for number in range(20)]
PER_MINUTE = 1_000_000
COPY_SECONDS = 300


def settings(document: dict[str, Any]) -> dict[str, Any]:
    """The body that AVA answers for this assistant."""
    at = datetime.fromisoformat(document["updatedAt"]).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = (catalogue.show(document, wanted) for wanted in catalogue.present(document))
    return {
        "settings": [
            {
                "key": one.definition.key,
                "value": one.value,
                "type": one.definition.type,
                "description": one.definition.description,
                "constraints": dict(one.constraints),
                "default": one.definition.default,
                "updated_at": at,
                "custom": one.definition.custom,
                "is_set": one.is_set,
            }
            for one in shown
        ],
        "assistant": {"id": document["id"], "name": document["name"], "updated_at": at},
    }
