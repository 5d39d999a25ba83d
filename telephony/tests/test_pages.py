"""Pages of lists by cursor: nothing is shown twice or skipped, whatever arrives meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, SUPPORT, THEIRS
from telephony.messages.models import Batch, Message
from tests import many

pytestmark = pytest.mark.database

BULK = f"{MESSAGES}/bulk"
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
BOTH = pytest.mark.parametrize(
    ("path", "model"), [(CALLS, Call), (MESSAGES, Message)], ids=["calls", "messages"]
)


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


def store(model: Any, user: User, count: int, *, since: int = 0, **more: Any) -> None:
    """Rows of a user's, a second after each other; each third has the time of the one before."""
    pair = {"owner": user, "from_number": OURS, "to": THEIRS, "status": "pending"}
    seconds = (number - (number % 3 == 0) for number in range(since, since + count))
    model.objects.bulk_create(
        model(**(pair | more), created_at=FIRST + timedelta(seconds=each)) for each in seconds
    )


def pages(api: APIClient, address: str, link: str = "next") -> Iterator[list[str]]:
    """The IDs of each page, from this address on."""
    while address:
        page = api.get(address).json()
        yield [row["id"] for row in page["results"]]
        address = page[link]


@BOTH
def test_pages_hold_each_row_once_whatever_arrives_meanwhile(
    api: APIClient, user: User, path: str, model: Any
) -> None:
    store(model, user, 23)
    everything = [str(key) for key in model.objects.values_list("pk", flat=True)]
    seen: list[str] = []
    for number, page in enumerate(pages(api, f"{path}?limit=4")):
        seen += page
        store(model, user, 2, since=100 + number)
    assert seen == everything


@BOTH
def test_rows_of_one_moment_are_paged_like_others(
    api: APIClient, user: User, path: str, model: Any
) -> None:
    for _ in range(7):
        store(model, user, 1)
    seen = [key for page in pages(api, f"{path}?limit=2") for key in page]
    assert len(seen) == len(set(seen)) == 7


@BOTH
def test_previous_leads_back_over_the_same_pages(
    api: APIClient, user: User, path: str, model: Any
) -> None:
    store(model, user, 10)
    forth = list(pages(api, f"{path}?limit=3"))
    address = f"{path}?limit=3"
    for _ in range(3):
        address = api.get(address).json()["next"]
    assert list(pages(api, address, "previous")) == forth[::-1]
    back = api.get(address).json()["previous"]
    again = api.get(api.get(back).json()["next"]).json()
    assert [row["id"] for row in again["results"]] == forth[3]
    # What is new by now is one page further back than the page that was the first.
    store(model, user, 2, since=50)
    assert [len(page) for page in pages(api, address, "previous")] == [1, 3, 3, 3, 2]


@BOTH
def test_a_page_of_which_the_rows_are_gone_leads_on_and_back(
    api: APIClient, user: User, path: str, model: Any
) -> None:
    store(model, user, 4)
    first = api.get(f"{path}?limit=2").json()
    shown = [row["id"] for row in first["results"]]
    model.objects.exclude(pk__in=shown).delete()
    page = api.get(first["next"]).json()
    assert (page["results"], page["next"], page["count"]) == ([], None, 2)
    assert [row["id"] for row in api.get(page["previous"]).json()["results"]] == shown


@BOTH
def test_links_keep_the_filters(api: APIClient, user: User, path: str, model: Any) -> None:
    store(model, user, 5)
    store(model, user, 5, status="failed")
    page = api.get(path, {"status": "failed", "limit": 3, "search": "0123"}).json()
    rest = api.get(page["next"]).json()
    assert (page["count"], rest["count"]) == (5, 5)
    assert {row["status"] for row in page["results"] + rest["results"]} == {"failed"}
    assert len(rest["results"]) == 2


@BOTH
def test_the_count_is_exact_up_to_ten_thousand_and_null_beyond(
    api: APIClient, user: User, path: str, model: Any
) -> None:
    store(model, user, 1)
    many.multiply(model, 10_000)
    assert api.get(path).json()["count"] == 10_000
    store(model, user, 1, status="failed", from_number=SUPPORT)
    first = api.get(path).json()
    assert (first["count"], api.get(first["next"]).json()["count"]) == (None, None)
    assert api.get(path, {"status": "failed", "from": SUPPORT}).json()["count"] == 1


def test_batches_are_paged_by_cursor_too(api: APIClient, user: User) -> None:
    moments = [FIRST + timedelta(days=number // 2) for number in range(5)]
    Batch.objects.bulk_create(
        Batch(owner=user, from_number=OURS, per_minute=60, created_at=moment) for moment in moments
    )
    everything = [str(key) for key in Batch.objects.values_list("pk", flat=True)]
    assert [key for page in pages(api, f"{BULK}?limit=2") for key in page] == everything


@pytest.mark.parametrize("path", [CALLS, MESSAGES, BULK])
@pytest.mark.parametrize("cursor", ["", "x", "cD0yMDI2", "é", "W10:1vabc:xyz", "%00"])
def test_a_wrong_cursor_is_refused_in_a_sentence(api: APIClient, path: str, cursor: str) -> None:
    answer = api.get(f"{path}?cursor={cursor}")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"cursor": ["This is no cursor of this list. Begin without one, and follow next."]},
    )


def test_a_cursor_of_another_list_or_of_a_strangers_opens_nothing(
    api: APIClient, strangers_api: APIClient, user: User
) -> None:
    store(Message, user, 3)
    link = api.get(f"{MESSAGES}?limit=1").json()["next"]
    [cursor] = parse_qs(urlsplit(link).query)["cursor"]
    assert api.get(CALLS, {"cursor": cursor}).status_code == 400
    assert strangers_api.get(link).json()["results"] == []


@pytest.mark.parametrize("path", [CALLS, MESSAGES, BULK])
def test_an_offset_is_refused_in_a_sentence(api: APIClient, path: str) -> None:
    answer = api.get(path, {"offset": 0})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"offset": ["This list has no offset: follow next."]},
    )
