"""Whose it is that was found, where several that were lost look alike. Seconds after the first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from ava.jobs import RetryLater
from telephony.conftest import OURS, SUPPORT, THEIRS
from telephony.intents.adoption import closest
from telephony.intents.channel import ProviderRecord
from telephony.messages.models import Message

pytestmark = pytest.mark.database

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def lost(user: User, attempted: float, **more: Any) -> Message:
    common: dict[str, Any] = {"to": THEIRS, "from_number": OURS, "body": "Hi", "attempt": 1}
    fields = common | {"status": "unknown", "attempted_at": at(attempted)} | more
    return Message.objects.create(owner=user, **fields)


def seen(created: float | None = None) -> ProviderRecord:
    return ProviderRecord("SM1", "sent", created_at=None if created is None else at(created))


@pytest.mark.parametrize(
    ("other", "created", "now", "wait"),
    [
        (14, 14, 21, 13),
        # Twilio's clock may be slow: the answer to the other one may still come.
        (14, 0, 21, 13),
        (300, 300, 305, 15),
    ],
)
def test_it_waits_while_another_one_may_still_be_answered(
    user: User, other: float, created: float, now: float, wait: float
) -> None:
    first = lost(user, 0)
    lost(user, other)
    with pytest.raises(RetryLater) as again:
        closest(first, seen(created), now=at(now))
    assert again.value.after == wait


@pytest.mark.parametrize(
    ("other", "created", "now", "whose"),
    [
        (14, 14, 34, "other"),
        (14, 1, 34, "first"),
        (14, None, 34, "first"),
        (0, 0, 20, "either"),
        # The next ones never keep it waiting.
        (20, 1, 21, "first"),
        (30, 1, 35, "first"),
    ],
)
def test_the_attempt_nearest_to_its_creation_gets_it(
    user: User, other: float, created: float | None, now: float, whose: str
) -> None:
    rows = {"first": lost(user, 0), "other": lost(user, other)}
    found = closest(rows["first"], seen(created), now=at(now))
    if whose == "either":
        # But both of them say the same.
        assert found == closest(rows["other"], seen(created), now=at(now))
        assert found in rows.values()
    else:
        assert found == rows[whose]


@pytest.mark.parametrize(
    "other",
    [
        {"to": SUPPORT},
        {"from_number": SUPPORT},
        {"body": "Hello"},
        {"account_sid": "AC2"},
        {"attempted_at": None},
        {"status": "failed"},
        {"provider_sid": "SM2"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_one_that_it_cannot_be_does_not_count(user: User, other: dict[str, Any]) -> None:
    first = lost(user, 0)
    lost(user, 14, **other)
    assert closest(first, seen(14), now=at(21)) == first


def test_what_another_one_has_is_nobodys_to_take(user: User) -> None:
    first = lost(user, 0)
    lost(user, 14, status="sent", provider_sid="SM1")
    assert closest(first, seen(0), now=at(34)) is None


def test_one_that_was_found_meanwhile_takes_nothing(user: User) -> None:
    first = lost(user, 0)
    Message.objects.update(status="sent", provider_sid="SM2")
    assert closest(first, seen(0), now=at(34)) is None
