"""Aftermath of an attack: nothing of Ada's has changed, and all of it goes on rightly."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from ava.jobs.models import Job
from telephony.conftest import run_jobs, until
from tests.walls import holdings
from tests.walls.tenants import SHOWN
from tests.walls.world import PEOPLE, RINGS, TEXTS, World, incoming, report

STEPS = (0, 22, 24, 34, 45, 56, 67, 80, 100, 130, 180)
"""Seconds: AVA looks for what got lost, twice, before it would make another attempt."""
LONG = timedelta(hours=1)


def seen(*answers: Any) -> list[str]:
    """Ada's texts that somebody else was shown."""
    texts = [f"{answer.headers} {answer.content.decode(errors='replace')}" for answer in answers]
    return [f"shown: {mark} in {text[:300]}" for text in texts for mark in SHOWN if mark in text]


class Watch:
    """Ada's rows before the attack. Her jobs wait meanwhile: what runs is the attacker's doing."""

    def __init__(self, user: User) -> None:
        run_jobs()
        Job.objects.filter(state=Job.State.QUEUED).update(due_at=timezone.now() + LONG)
        self._user = user
        self._before = holdings.snapshot(user)

    def changes(self) -> list[str]:
        """What the attack did, its jobs included."""
        run_jobs()
        return holdings.changes(self._before, holdings.snapshot(self._user))


def wrong(world: World, watch: Watch, *answers: Any) -> list[str]:
    """Whatever is not as it should be after an attack, a sentence each."""
    told = [world.eve.call("GET", f"/twilio/{path}?limit=200") for path in ("calls", "messages")]
    found = [*seen(*answers, *told), *watch.changes()]
    pursue_to_the_end()
    found += miscounted(world)
    deliver(world)
    run_jobs()
    found += undelivered(world)
    return found


def pursue_to_the_end() -> None:
    """Run all jobs, as time goes by, until what got lost is found."""
    Job.objects.filter(state=Job.State.QUEUED).update(due_at=timezone.now())
    for seconds in STEPS:
        run_jobs(seconds=seconds)


def miscounted(world: World) -> Iterator[str]:
    """People who were reached more than once, or not at all."""
    for kind, names in (("calls", RINGS), ("messages", TEXTS)):
        wanted = Counter(PEOPLE[name] for name in names)
        until(lambda: set(world.stage.reached(kind)) >= wanted.keys())  # noqa: B023
        reached = Counter(world.stage.reached(kind))
        for to in sorted(reached.keys() | wanted.keys()):
            if reached[to] != wanted[to]:
                yield f"{kind}: {to} was reached {reached[to]} times, not {wanted[to]}"
    yield from disturbed(world)


def disturbed(world: World) -> Iterator[str]:
    """People whom an attack reached once more, or whose call it ended."""
    for kind in ("calls", "messages"):
        for to, times in Counter(world.stage.reached(kind)).items():
            if times > 1 or to not in PEOPLE.values():
                yield f"{kind}: {to} was reached {times} times"
    for to, by in world.stage.ended().items():
        if by is not None:
            yield f"the call to {to} was ended: {by}"


def deliver(world: World) -> None:
    """Let the providers report how all of Ada's ends, and let somebody call and write to her."""
    ada, ids = world.ada, world.ids
    for name in ("running", "guessed", "lost"):
        sid = world.shown("calls", name)["provider_sid"]
        form = {"CallSid": str(sid), "CallStatus": "completed", "CallDuration": "3"}
        ada.twilio("call-status", form, query=f"call={ids[name]}&attempt=1")
    for name in ("sent", "text_guessed", "text_lost"):
        sid = world.shown("messages", name)["provider_sid"]
        form = {"MessageSid": str(sid), "MessageStatus": "delivered"}
        ada.twilio("message-status", form, query=f"message={ids[name]}&attempt=1")
    ada.twilio("voice", incoming("caller", ids["next_sid"]))
    ada.twilio("message", incoming("writer", ids["next_text_sid"], "Message"))
    ids["vapi_lost_vapi"] = world.stage.at_vapi(PEOPLE["vapi_lost"])
    for name in ("talking", "vapi_lost"):
        ada.vapi(report(world, name))


def undelivered(world: World) -> Iterator[str]:
    """Reports of Ada's providers that AVA has not applied, a sentence each."""
    for name in ("running", "guessed", "lost", "talking", "vapi_lost"):
        if (row := world.shown("calls", name))["status"] != "completed":
            yield f"the call {name} is {row['status']}, not completed"
        elif name in ("talking", "vapi_lost") and "transcript" not in row["transcript"]:
            yield f"the call {name} has the transcript {row['transcript']!r}"
    for name in ("sent", "text_guessed", "text_lost"):
        if (row := world.shown("messages", name))["status"] != "delivered":
            yield f"the message {name} is {row['status']}, not delivered"
    for path, sid in (
        ("calls", world.ids["next_sid"]),
        ("messages", world.ids["next_text_sid"]),
    ):
        if not world.ada.call("GET", f"/twilio/{path}?search={sid}").json()["results"]:
            yield f"{path}: {sid} came in and was not kept"
