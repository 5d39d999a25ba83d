"""Twilio's SDK clients: made once for each version of credentials, and kept.

What the SDK calls a client holds credentials and a tree of resources; connections and deadlines
are the door's. So one serves any number of threads.
"""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from prometheus_client import Counter

if TYPE_CHECKING:
    from twilio.rest import Client

MOST_CLIENTS = 128

_lookups = Counter(
    "ava_twilio_clients",
    "Lookups of a kept client of Twilio's SDK, by result.",
    ["result"],
)
for _result in ("hit", "miss"):
    _lookups.labels(_result)

_Key = tuple[str, str, str]
_kept: OrderedDict[_Key, "Client"] = OrderedDict()
_lock = threading.Lock()


def client(*, account_sid: str, username: str, password: str, version: str | None) -> "Client":
    """The SDK's client for these credentials.

    Args:
        account_sid: AC..., whose resources are meant.
        username, password: who asks.
        version: of the credentials; the client is kept under it. None: it is not kept.
    """
    if version is None:
        return _make(account_sid, username, password)
    key = (version, account_sid, username)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    _lookups.labels("miss" if found is None else "hit").inc()
    if found is not None:
        return found
    made = _make(account_sid, username, password)
    with _lock:
        _kept[key] = made
        while len(_kept) > MOST_CLIENTS:
            _kept.popitem(last=False)
    return made


def forget() -> None:
    """Keep none."""
    with _lock:
        _kept.clear()


def _make(account_sid: str, username: str, password: str) -> "Client":
    # Half a second, the first time.
    from twilio.rest import Client

    from telephony.twilio.transport import DoorHttpClient

    return Client(
        username,
        password,
        account_sid,
        http_client=DoorHttpClient(),
        # Left out, the SDK would fill gaps from TWILIO_* of the process: the operator's own.
        environment={"TWILIO_ACCOUNT_SID": ""},
    )
