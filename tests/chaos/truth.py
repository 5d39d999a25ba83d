"""Truth at the end of a run: what AVA believes, what Twilio has, what really happened to people."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.chaos import deliveries
from tests.chaos.crowd import Wish
from tests.server import RunningAva

FINAL = {
    "calls": {"completed", "busy", "no-answer", "failed", "canceled"},
    "messages": {"delivered", "undelivered", "failed", "canceled"},
}
Row = dict[str, Any]


def rows(ava: RunningAva, path: str) -> Iterator[Row]:
    """All that AVA knows, the newest first."""
    return ava.rows(f"/twilio/{path}")


def settled(ava: RunningAva) -> bool:
    """Whether every row has ended, and every webhook is worked through. Asks no more than it must:
    what answers is what has to settle."""
    ended = all(_is_known(ava, row, path) for path in FINAL for row in rows(ava, path))
    return ended and not any(lost_webhooks(ava))


def _is_known(ava: RunningAva, row: Row, path: str) -> bool:
    """Whether it has ended, and there is no more to be learnt of it."""
    if row["status"] not in FINAL[path]:
        return False
    talked = path == "calls" and row["status"] == "completed" and row["assistant_id"]
    return not talked or bool(row["price"] and _transcript(ava, row))


def _transcript(ava: RunningAva, row: Row) -> str:
    """Which no list carries."""
    return str(ava.call("GET", f"/twilio/calls/{row['id']}").json()["transcript"])


def at_twilio(ava: RunningAva, path: str) -> list[Row]:
    """All that Twilio took."""
    host = f"http://127.0.0.1:{ava.sandbox_port}/twilio"
    url: str | None = f"/2010-04-01/Accounts/{ACCOUNT_SID}/{path.title()}.json?PageSize=1000"
    found: list[Row] = []
    while url:
        page = requests.get(host + url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=60).json()
        found += page[path]
        url = page["next_page_uri"]
    return found


def acknowledged(ava: RunningAva) -> set[deliveries.About]:
    """The webhooks that providers think are safe with AVA: what it is, whose, how that stands."""
    return {
        _name(urlsplit(webhook["url"]).path, webhook["body"])
        for webhook in ava.shown("webhooks")["webhooks"]
        if webhook["status"] and 200 <= webhook["status"] < 300
    }


def _name(path: str, body: Any) -> deliveries.About:
    kind = path.rpartition("/")[2]
    if kind == "vapi":
        message = body["message"]
        return message["type"], message["call"]["id"], message.get("status", "")
    form = parse_qs(body)
    what = "Message" if kind == "message-status" else "Call"
    return kind, form[f"{what}Sid"][0], form[f"{what}Status"][0]


def wrong(ava: RunningAva, told: dict[Wish, Row]) -> Iterator[str]:
    """Whatever is not as it should be, in a sentence each."""
    effects = ava.shown("effects")
    for path in FINAL:
        wanted = {wish.to: wish for wish in told if wish.path == path}
        taken = at_twilio(ava, path)
        reached = Counter(one["to"] for one in effects[path])
        # A busy phone does not ring.
        rings = {to: 1 for to, wish in wanted.items() if wish.behaviour != "busy"}
        yield from _differ(f"{path} that reached a person", reached, Counter(rings))
        placed = Counter(one["to"] for one in taken)
        yield from _differ(f"{path} at Twilio", placed, Counter(dict.fromkeys(wanted, 1)))
        yield from _wrong_rows(ava, wanted, list(rows(ava, path)), taken, path, told)


def _differ(what: str, found: Counter[str], wanted: Counter[str]) -> Iterator[str]:
    for to in sorted(found.keys() | wanted.keys()):
        if found[to] != wanted[to]:
            yield f"{what}: {to} {found[to]} times instead of {wanted[to]}"


def _wrong_rows(
    ava: RunningAva,
    wanted: dict[str, Wish],
    known: list[Row],
    taken: list[Row],
    path: str,
    told: dict[Wish, Row],
) -> Iterator[str]:
    twilios = {one["sid"]: one["status"] for one in taken}
    for row in known:
        if not _is_known(ava, row, path):
            yield f"never known: {row}"
        if row["provider_sid"] and twilios.get(row["provider_sid"]) != row["status"]:
            yield f"Twilio says {twilios.get(row['provider_sid'])}: {row}"
        if not row["provider_sid"] and (row["status"] != "failed" or not row["error"]):
            yield f"ended without Twilio and without a reason: {row}"
    for to, wish in wanted.items():
        ids = [row["id"] for row in known if row["to"] == to and row["provider_sid"]]
        if ids != [told[wish]["id"]]:
            yield f"{to} was told {told[wish]['id']}, placed were {ids}"


def lost_webhooks(ava: RunningAva) -> Iterator[str]:
    """Those that AVA acknowledged and does not have, or has not worked through."""
    kept = deliveries.stored(ava)
    for webhook in sorted(acknowledged(ava)):
        if kept.get(webhook) != "done":
            yield f"{webhook} is {kept.get(webhook)}"
