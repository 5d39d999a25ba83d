"""The admin: its login form, and the logins it lists."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client

from ava.accounts.devices import DEVICE_COOKIE
from ava.accounts.models import Session
from ava.accounts.tests.calls import assert_unauthenticated, log_in, me, refresh
from conftest import PASSWORD
from tests.redis import RedisServer

FORM = "/admin/login/"
SESSIONS = "/admin/accounts/session/"


def post(client: Client, username: str, password: str = "wrong", **extra):
    return client.post(FORM, {"username": username, "password": password}, **extra)


@pytest.fixture(autouse=True)
def still() -> Iterator[time_machine.Traveller]:
    """django-ratelimit counts in fixed windows: no edge may fall into a test."""
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def test_the_login_form_lets_an_operator_in(client, operator):
    assert client.get(FORM).status_code == 200
    assert post(client, "olga", PASSWORD).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_the_eleventh_form_of_a_minute_from_one_address_is_refused(client, operator):
    codes = [post(client, f"user{n}", "").status_code for n in range(12)]
    assert codes == [200] * 10 + [429] * 2


def test_a_refusal_is_a_page_with_a_sentence_and_a_time(client, operator):
    for n in range(11):
        refused = post(client, f"user{n}", HTTP_ACCEPT="text/html")
    assert refused.status_code == 429
    assert refused["Content-Type"].startswith("text/html")
    assert 1 <= int(refused["Retry-After"]) <= 60
    page = refused.content.decode()
    assert re.search(r"Too many requests\. Please try again in \d+s\.", page)
    assert refused["X-Correlation-ID"] in page


@pytest.fixture
def redis(settings, monkeypatch) -> Iterator[RedisServer]:
    monkeypatch.setitem(settings.ENV, "WEB_CONCURRENCY", 2)
    with RedisServer() as server:
        settings.REDIS_URL = server.url
        yield server


def test_the_forms_of_all_processes_are_counted_together(client, operator, redis):
    assert [post(client, f"user{n}", "").status_code for n in range(9)] == [200] * 9
    shared: Any = cache
    shared._own.clear()  # As in another process.
    assert [post(client, f"user{n}", "").status_code for n in range(2)] == [200, 429]


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_while_redis_is_lost_each_worker_takes_its_share_of_forms(client, operator, redis, how):
    assert post(client, "olga", PASSWORD).status_code == 302
    getattr(redis, how)()
    # The first finds out; five are one worker's share of ten.
    codes = [post(client, f"user{n}", "").status_code for n in range(9)]
    assert codes == [200] * 6 + [429] * 3


def test_the_right_password_does_not_pass_a_refusal(client, operator):
    for n in range(10):
        post(client, f"user{n}", "")
    assert post(client, "olga", PASSWORD).status_code == 429


def test_looking_at_the_form_is_not_limited(client, operator):
    assert {client.get(FORM).status_code for _ in range(30)} == {200}


WIDE = "\uff4f\uff4c\uff47\uff41"
SPELLINGS = ["olga", " olga", "olga ", "\u00a0olga\u2003", WIDE, "ol\uff47a", "\tolga\n"]


def test_many_addresses_together_are_slowed_on_one_account_however_it_is_spelt(client, operator):
    codes = [
        post(client, name, REMOTE_ADDR=f"198.51.100.{n}").status_code
        for n, name in enumerate(SPELLINGS)
    ]
    assert codes == [200] * 5 + [429] * 2
    assert post(client, "olga", PASSWORD, REMOTE_ADDR="198.51.100.9").status_code == 429


def test_one_address_is_slowed_over_many_accounts(client, operator):
    codes = [post(client, f"user{n}").status_code for n in range(7)]
    assert codes == [200] * 5 + [429] * 2


def test_guesses_over_rest_and_in_the_form_count_together(client, anyone, operator):
    for n in range(5):
        log_in(anyone, "olga", "wrong", REMOTE_ADDR=f"198.51.100.{n}")
    slowed = post(client, "olga", PASSWORD, REMOTE_ADDR="198.51.100.9", HTTP_ACCEPT="text/html")
    assert (slowed.status_code, slowed["Retry-After"]) == (429, "1")
    assert "Please try again in 1s." in slowed.content.decode()


def test_the_wait_ends_and_the_right_password_starts_the_account_afresh(client, operator, still):
    for n in range(5):
        post(client, "olga", REMOTE_ADDR=f"198.51.100.{n}")
    still.shift(1)
    assert post(client, "olga", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302
    codes = [post(client, "olga", REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(5)]
    assert codes == [200] * 5


def test_an_empty_form_counts_as_no_guess(client, operator):
    for n in range(8):
        post(client, "olga", "", REMOTE_ADDR=f"198.51.100.{n}")
    assert post(client, "olga", PASSWORD).status_code == 302


def test_the_right_password_of_somebody_who_is_no_operator_counts_as_wrong(client, user):
    codes = [
        post(client, "ada", PASSWORD, REMOTE_ADDR=f"198.51.100.{n}").status_code for n in range(6)
    ]
    assert codes == [200] * 5 + [429]
    assert DEVICE_COOKIE not in client.cookies


def test_strangers_cannot_keep_an_operator_out_of_their_own_browser(operator):
    own = Client()
    assert post(own, "olga", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302
    for n in range(30):
        post(Client(), "olga", REMOTE_ADDR=f"198.51.100.{n}")
    assert post(Client(), "olga", PASSWORD, REMOTE_ADDR="198.51.100.99").status_code == 429
    assert post(own, "olga", PASSWORD, REMOTE_ADDR="203.0.113.5").status_code == 302


def test_a_browser_that_is_known_is_slowed_too(operator):
    own = Client()
    post(own, "olga", PASSWORD)
    codes = [post(own, "olga", REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(6)]
    assert codes == [200] * 5 + [429]


def test_the_mark_of_a_browser_is_good_for_one_account_and_cannot_be_forged(operator, user):
    User.objects.create_user("otto", password=PASSWORD, is_staff=True)
    own = Client()
    post(own, "otto", PASSWORD)
    for n in range(5):
        post(Client(), "olga", REMOTE_ADDR=f"198.51.100.{n}")
    assert post(own, "olga", PASSWORD, REMOTE_ADDR="192.0.2.8").status_code == 429
    own.cookies[DEVICE_COOKIE] = "made-up:1:x"
    assert post(own, "olga", PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 429


def test_a_forged_forwarded_header_makes_no_new_address(client, operator, settings):
    settings.TRUSTED_PROXIES = 0
    codes = [post(client, f"u{n}", "", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}") for n in range(11)]
    assert codes[-1].status_code == 429


def test_the_list_of_logins_shows_who_and_no_secret(desk, tokens):
    page = desk.get(SESSIONS).content.decode()
    session = Session.objects.get()
    assert "ada" in page
    assert session.refresh_jti not in page
    detail = desk.get(f"{SESSIONS}{session.pk}/change/").content.decode()
    assert session.refresh_jti not in detail
    assert session.password_mark not in detail


def test_an_operator_ends_a_login(desk, anyone, tokens, operator):
    session = Session.objects.get()
    chosen = {"action": "revoke", "_selected_action": [str(session.pk)]}
    page = desk.post(SESSIONS, chosen, follow=True)
    assert "Ended 1 logins." in page.content.decode()
    assert_unauthenticated(me(anyone, tokens["access_token"]), "session_ended")
    assert_unauthenticated(refresh(anyone, tokens["refresh_token"]), "session_ended")
    assert LogEntry.objects.get().user == operator


def test_logins_are_neither_made_nor_changed_nor_deleted_by_hand(desk, tokens):
    session = Session.objects.get()
    assert desk.get(f"{SESSIONS}add/").status_code == 403
    assert desk.post(f"{SESSIONS}{session.pk}/change/", {"network": "x"}).status_code == 403
    assert desk.post(f"{SESSIONS}{session.pk}/delete/", {"post": "yes"}).status_code == 403
    session.refresh_from_db()
    assert session.revoked_at is None


def test_whoever_may_only_look_cannot_end_a_login(client, user, tokens, anyone):
    user.is_staff = True
    user.save()
    user.user_permissions.add(
        Permission.objects.get(codename="view_session", content_type__app_label="accounts")
    )
    client.force_login(user)
    assert client.get(SESSIONS).status_code == 200
    client.post(SESSIONS, {"action": "revoke", "_selected_action": [str(Session.objects.get().pk)]})
    assert me(anyone, tokens["access_token"]).status_code == 200


def test_the_admin_leads_to_the_console(desk: Client) -> None:
    page = desk.get("/admin/").content.decode()
    assert '<a href="/">Console</a>' in page
    assert "View site" not in page
