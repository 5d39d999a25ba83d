"""The account at the end: what was acknowledged, beside what AVA has and what providers got."""

import time
from collections import Counter
from collections.abc import Iterator

from tests.chaos import truth
from tests.faults.deployment import Deployment
from tests.faults.errands import KEYS, MAILS, SETTINGS
from tests.faults.ledger import Ledger

SETTLE_SECONDS = 120
"""Seconds; far more than it takes once all is well."""
_OPEN = ("pending", "unknown", "queued", "initiated", "ringing", "in-progress", "sending")
_FRESH = {"Cache-Control": "no-cache"}


def settle(ava: Deployment) -> None:
    """Wait until nothing is under way any more; what then still is will be named by `wrong`."""
    give_up = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < give_up and (any(_open(ava)) or any(truth.lost_webhooks(ava))):
        time.sleep(3)


def wrong(ava: Deployment, ledger: Ledger) -> list[str]:
    """Whatever is not as it was acknowledged, in a sentence each."""
    found: list[str] = []
    for kind, wanted in ledger.wanted.items():
        never = len(wanted) - len(ledger.told[kind])
        found += [f"{kind}: {never} clients were told nothing"] * (never > 0)
    for path in ("calls", "messages"):
        found += _twice_or_lost(ava, ledger, path)
    found += _mails(ava, ledger)
    found += _incoming(ava, ledger)
    found += _edits(ava, ledger)
    found += [f"never ended: {one}" for one in _open(ava)]
    found += [f"callback {one}" for one in truth.lost_webhooks(ava)]
    return found


def _open(ava: Deployment) -> Iterator[str]:
    """What AVA does not know the end of."""
    for path in ("/twilio/calls", "/twilio/messages", MAILS):
        for row in ava.rows(path):
            if row["status"] in _OPEN:
                yield f"{path}/{row['id']} is {row['status']}: {row['error']}"


def _twice_or_lost(ava: Deployment, ledger: Ledger, path: str) -> Iterator[str]:
    kind = path.removesuffix("s")
    placed = Counter(one["to"] for one in truth.at_twilio(ava, path))
    rows = {row["id"]: row for row in ava.rows(f"/twilio/{path}", direction="outbound")}
    yield from compare(kind, ledger, placed, {one: row["to"] for one, row in rows.items()})


def _mails(ava: Deployment, ledger: Ledger) -> Iterator[str]:
    arrived = Counter(mail["to"][0] for mail in ava.shown("mailbox")["mails"])
    rows = {row["id"]: row["recipients"][0]["address"] for row in ava.rows(MAILS)}
    yield from compare("mail", ledger, arrived, rows)


def compare(kind: str, ledger: Ledger, got: Counter[str], rows: dict[str, str]) -> Iterator[str]:
    """One kind of what goes out: what the provider got, and whom AVA's rows are for."""
    for mark in sorted(ledger.wanted[kind]):
        told = ledger.told[kind].get(mark)
        if got[mark] > 1 or (told and not got[mark]):
            yield f"{kind} to {mark}: {got[mark]} at the provider"
        if told and rows.get(told) != mark:
            yield f"{kind} to {mark}: acknowledged as {told}, which is for {rows.get(told)}"


def _incoming(ava: Deployment, ledger: Ledger) -> Iterator[str]:
    kept = Counter(
        f"SM{int(row['body'].removeprefix('number ')):032x}"
        for row in ava.rows("/twilio/messages", direction="inbound")
    )
    for mark in sorted(ledger.wanted["webhook"]):
        if kept[mark] > 1 or (mark in ledger.told["webhook"] and not kept[mark]):
            yield f"webhook {mark}: acknowledged, and {kept[mark]} messages of it in AVA"


def _edits(ava: Deployment, ledger: Ledger) -> Iterator[str]:
    """Edits of one key follow one another: the last one that was acknowledged holds."""
    for key in (f"soak_{n}" for n in range(KEYS)):
        wanted = [_value(mark) for mark in ledger.wanted["edit"] if mark.startswith(f"{key}=")]
        told = [_value(mark) for mark in ledger.told["edit"] if mark.startswith(f"{key}=")]
        if not told:
            continue
        now = ava.call("GET", f"{SETTINGS}/{key}", headers=_FRESH).json()["setting"]["value"]
        if now not in told and now not in wanted:
            yield f"edit of {key}: {now} is nobody's"
        elif wanted and now != max(wanted) and max(wanted) in told:
            yield f"edit of {key}: {now} instead of {max(wanted)}"
        history = ava.rows(f"{SETTINGS}/{key}/history")
        kept = Counter(entry["after"] for entry in history)
        yield from (f"edit of {key}: {one} left no trace" for one in told if not kept[one])


def _value(mark: str) -> int:
    return int(mark.rpartition("=")[2])
