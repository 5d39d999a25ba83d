"""The room Calls of the console, against the sandbox."""

import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sandbox.server import Sandbox
from telephony.calls.models import Call
from telephony.conftest import OURS, THEIRS, phone, posts, run_jobs, until

pytestmark = pytest.mark.database
PLACE = {"to": THEIRS, "what": "say", "say": "Hello", "assistant_id": "", "from_number": OURS}


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def text(page: Any, status: int = 200) -> str:
    assert page.status_code == status, page.content
    return " ".join(page.content.decode().split())


def make(owner: User, number: int = 1, **fields: Any) -> list[Call]:
    more = {"to": THEIRS, "from_number": OURS, "status": "completed", "kind": "say", **fields}
    return Call.objects.bulk_create(
        Call(owner=owner, holder=str(owner.pk), **more) for _ in range(number)
    )


def key(form: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', form)
    assert found
    return found[1]


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def test_without_calls_the_page_leads_to_the_first_one(browser: Client) -> None:
    page = text(browser.get("/calls"))
    assert "No calls yet - make your first call!" in page
    assert 'href="/calls/new"' in page


def test_a_call_is_placed_and_its_page_shows_how_it_goes_on(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "busy")
    answer = browser.post("/calls/new", PLACE)
    call = Call.objects.get()
    assert answer["Location"] == f"/calls/{call.pk}"
    page = text(browser.get(answer["Location"]))
    for shown in ("Call successfully placed!", "+1 415-555-0123", "Hello", call.correlation_id):
        assert shown in page
    assert "every 2s" in page
    assert "Look again" in page  # where no script asks
    mark = re.search(r"\?seen=(\w+)", page)
    assert mark
    live = f"/calls/{call.pk}?seen={mark[1]}"
    assert browser.get(live, headers=htmx("live")).status_code == 204
    leaps = count(30, 300)

    def has_ended() -> bool:
        run_jobs(seconds=next(leaps))
        return Call.objects.filter(status="busy").exists()

    until(has_ended)
    part = text(browser.get(live, headers=htmx("live")))
    assert "<html" not in part
    assert "The line was busy." in part
    assert "every " not in part
    assert "Look again" not in part


def test_the_form_in_the_drawer_does_the_same(browser: Client, twilio_user: User) -> None:
    form = text(browser.get("/calls/new?to=%2B14155550123", headers=htmx("drawer-body")))
    assert "<html" not in form
    assert 'value="+14155550123"' in form
    answer = browser.post("/calls/new", PLACE, headers=htmx("sheet"))
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == f"/calls/{Call.objects.get().pk}"


def test_a_form_that_is_posted_twice_places_one_call(
    browser: Client, twilio_user: User, sandbox: Sandbox
) -> None:
    form = {**PLACE, "key": key(text(browser.get("/calls/new")))}
    first, second = (browser.post("/calls/new", form)["Location"] for _ in range(2))
    assert first == second
    assert len(posts(sandbox)) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"to": "12"}, "Begin with + and the country code"),
        ({"say": ""}, "Write what to say."),
        ({"what": "assistant_id"}, "Choose an assistant."),
        ({"from_number": "+14155550100"}, "This is not a phone number of your Twilio account."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_rings(
    browser: Client, twilio_user: User, sandbox: Sandbox, changes: Any, sentence: str
) -> None:
    for headers in ({}, htmx("sheet")):
        answer = browser.post("/calls/new", {**PLACE, **changes}, headers=headers)
        assert answer.status_code in (400, 422)
        assert sentence in answer.content.decode()
    assert posts(sandbox) == []


def test_without_keys_the_form_says_what_to_do_with_the_id(browser: Client) -> None:
    answer = browser.post("/calls/new", PLACE, headers={"X-Correlation-ID": "no-keys"})
    page = text(answer, answer.status_code)
    assert answer.status_code >= 400
    assert "Twilio" in page
    assert "no-keys" in page
    assert "Hello" in page


def test_a_call_is_hung_up(browser: Client, twilio_user: User, sandbox: Sandbox) -> None:
    browser.post("/calls/new", PLACE)
    call = Call.objects.get()
    address = f"/calls/{call.pk}/hangup"
    assert browser.get(address).status_code == 405
    part = browser.post(address, headers=htmx("live"))
    assert part.status_code == 200
    call.refresh_from_db()
    assert call.is_final
    assert "The call is ended." in part["HX-Trigger"]
    assert browser.post(address).status_code == 409


def test_filters_live_in_the_address(browser: Client, user: User) -> None:
    make(user, to="+14155550101")
    make(user, to="+14155550102", status="busy", correlation_id="trace-1")
    make(user, from_number="+14155550103", to=OURS, direction="inbound")
    make(user, to="+14155550104", created_at=timezone.now() - timedelta(days=9))
    numbers = {f"+1 415-555-010{last}" for last in "1234"}

    def shown(query: str, **headers: str) -> set[str]:
        page = text(browser.get(f"/calls?{query}", headers=headers))
        table = page.partition("<tbody>")[2]
        return {number[-1] for number in numbers if number in table}

    day = (timezone.now() - timedelta(days=2)).date()
    assert shown("") == {*"1234"}
    assert shown("status=busy") == {"2"}
    assert shown("direction=inbound") == {"3"}
    assert shown(f"since={day}") == {*"123"}
    assert shown("to=%2B14155550104") == {"4"}
    assert shown("search=trace-1") == {"2"}
    assert shown("search=0101&status=completed", **htmx("rows")) == {"1"}
    nothing = text(browser.get("/calls?status=failed"))
    assert "No call fits these filters" in nothing
    answer = browser.get("/calls?search=&status=busy&since=", headers=htmx("rows"))
    assert answer["HX-Push-Url"] == "/calls?status=busy"


@pytest.mark.parametrize("query", ["status=odd", "since=never", "cursor=no", "to=%2B1"])
def test_a_filter_that_is_none_is_said_in_a_sentence(browser, user, query) -> None:
    make(user)
    assert "AVA does not know this filter" in text(browser.get(f"/calls?{query}"), 400)


def test_older_and_newer_pages_hold_every_call_once(browser: Client, user: User) -> None:
    calls = {str(call.pk) for call in make(user, 120)}
    address, seen = "/calls", []
    while address:
        page = browser.get(address).content.decode()
        seen += re.findall(r'id="row-([^"]+)"', page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == 120
    assert set(seen) == calls
    assert 'rel="prev"' in page


def test_new_calls_are_counted_and_the_list_stays(browser: Client, user: User) -> None:
    [ringing] = make(user, status="ringing")
    page = browser.get("/calls").content.decode()
    news = re.search(r'hx-get="([^"]+)" hx-trigger="due, every 5s"', page)
    assert news
    address = news[1].replace("&amp;", "&")
    assert "new call" not in text(browser.get(address, headers=htmx("news")))
    make(user, 2)
    Call.objects.filter(pk=ringing.pk).update(status="completed", updated_at=timezone.now())
    part = text(browser.get(address, headers=htmx("news")))
    assert "2 new calls" in part
    assert f'id="state-{ringing.pk}" hx-swap-oob="true"' in part
    assert part.count('id="state-') == 1
    assert "<tr" not in part


def test_a_row_opens_a_drawer_whose_address_is_the_page(browser: Client, user: User) -> None:
    said = "AI: How can I help?\nUser: A table for two.\nAI: Done."
    [call] = make(user, transcript=said, kind="assistant", error="No such number.", status="failed")
    address = f"/calls/{call.pk}"
    assert f'hx-get="{address}" hx-target="#drawer-body"' in text(browser.get("/calls"))
    drawer = text(browser.get(address, headers=htmx("drawer-body")))
    assert "<html" not in drawer
    for page in (drawer, text(browser.get(address))):
        for shown in ("How can I help?", "A table for two.", "Caller", "No such number."):
            assert shown in page


def test_a_stranger_meets_no_call_of_anothers(browser: Client, stranger: User) -> None:
    [call] = make(stranger, status="ringing", to="+14155550199")
    for page in (browser.get(f"/calls/{call.pk}"), browser.post(f"/calls/{call.pk}/hangup")):
        assert page.status_code == 404
        assert "There is no such call." in page.content.decode()
    assert "No calls yet" in text(browser.get("/calls"))


def test_what_others_wrote_stays_text(browser: Client, user: User) -> None:
    [call] = make(user, transcript="User: <script>x</script>", summary="<b>y</b>")
    page = text(browser.get(f"/calls/{call.pk}"))
    assert "<script>x" not in page
    assert "<b>y" not in page


@pytest.mark.parametrize("address", ["/calls", "/calls?search=0123&status=completed", "one"])
def test_a_page_costs_at_most_eight_statements_however_many_rows_there_are(
    browser: Client, user: User, address: str
) -> None:
    [call] = make(user)
    address = f"/calls/{call.pk}" if address == "one" else address

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            text(browser.get(address))
        return len(found)

    few = statements()
    make(user, 200)
    assert max(few, statements()) <= 8


def test_a_call_that_failed_without_a_reason_says_so_in_the_list(
    browser: Client, user: User
) -> None:
    make(user, status="failed")
    assert "The provider gave no reason." in text(browser.get("/calls"))
