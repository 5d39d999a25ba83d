"""Guessing passwords gets slower and slower; the owner still gets in."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from ava.accounts import login_throttle
from ava.accounts.models import WrongPasswords
from ava.accounts.tests.calls import at_once, log_in, me

pytestmark = pytest.mark.database

HOME = {"REMOTE_ADDR": "192.0.2.7"}
ATTACKER = {"REMOTE_ADDR": "198.51.100.1"}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(time.time() // 1, tick=False) as traveller:
        yield traveller


def guess(client, times: int, who="ada", **origin) -> list[int]:
    return [log_in(client, who, f"wrong {n}", **origin).status_code for n in range(times)]


def test_the_fifth_wrong_password_starts_the_waiting(anyone, user, clock):
    assert guess(anyone, 6) == [401] * 5 + [429]
    slowed = log_in(anyone)
    assert slowed.status_code == 429
    assert slowed["Retry-After"] == "1"
    assert slowed["Content-Type"] == "application/problem+json"
    assert slowed.json()["code"] == "login_slowed"
    assert slowed.json()["detail"] == "Too many requests. Please try again in 1s."


def test_each_further_guess_doubles_the_wait_up_to_a_quarter_of_an_hour(anyone, user, clock):
    guess(anyone, 5)
    waits = []
    for _ in range(13):
        wait = int(log_in(anyone, password="wrong")["Retry-After"])
        waits.append(wait)
        clock.shift(wait)
        assert log_in(anyone, password="wrong").status_code == 401
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_the_wait_ends_when_it_says(anyone, user, clock):
    guess(anyone, 8)  # three of them refused, which changes nothing
    clock.shift(0.999)
    assert log_in(anyone).status_code == 429
    clock.shift(0.001)
    assert log_in(anyone).status_code == 200


def test_the_right_password_starts_the_account_afresh(anyone, user, clock):
    for n in range(3):
        origin = {"REMOTE_ADDR": f"192.0.2.{n}"}
        assert guess(anyone, 4, **origin) == [401] * 4
        assert log_in(anyone, **origin).status_code == 200


def test_an_hour_of_quiet_forgets_everything(anyone, user, clock):
    guess(anyone, 5)
    clock.shift(1)
    guess(anyone, 1)
    clock.shift(timedelta(hours=1))
    assert guess(anyone, 6) == [401] * 5 + [429]


def test_user_name_and_e_mail_share_one_counter(anyone, user, clock):
    names = ["ada", "ada@example.com", "ADA@example.com", "ada", "Ada@Example.com"]
    for number, name in enumerate(names):
        guess(anyone, 1, name, REMOTE_ADDR=f"192.0.2.{number}")
    assert log_in(anyone, REMOTE_ADDR="192.0.2.99").status_code == 429


def test_many_addresses_together_are_slowed_on_one_account(anyone, user, clock):
    codes = [guess(anyone, 1, REMOTE_ADDR=f"198.51.100.{n}")[0] for n in range(10)]
    assert codes == [401] * 5 + [429] * 5


def test_one_address_is_slowed_over_many_accounts(anyone, user, clock):
    codes = [guess(anyone, 1, f"user{n}", **ATTACKER)[0] for n in range(10)]
    assert codes == [401] * 5 + [429] * 5
    assert log_in(anyone, **HOME).status_code == 200


def test_an_account_of_their_own_does_not_clear_an_attackers_address(anyone, user, stranger, clock):
    codes = []
    for n in range(6):
        codes += guess(anyone, 1, f"user{n}", **ATTACKER)
        log_in(anyone, "eve", **ATTACKER)
    assert codes == [401] * 5 + [429]


def test_what_one_person_guesses_delays_nobody_else_at_the_same_address(
    anyone, user, stranger, clock
):
    for _ in range(12):
        clock.shift(int(log_in(anyone, password="wrong").headers.get("Retry-After", 0)))
        log_in(anyone, password="wrong")
    assert log_in(anyone).status_code == 429
    assert log_in(anyone, "eve").status_code == 200


def test_an_address_that_guessed_at_many_accounts_delays_the_others_for_half_a_minute_at_most(
    anyone, user, clock
):
    for n in range(20):
        guess(anyone, 1, f"user{n}")
        clock.shift(login_throttle.LONGEST_FOR_NETWORK)
    assert guess(anyone, 1, "one more") == [401]
    slowed = log_in(anyone)
    assert (slowed.status_code, slowed["Retry-After"]) == (429, "30")
    clock.shift(30)
    assert log_in(anyone).status_code == 200


@pytest.mark.parametrize(
    "spellings",
    [
        ["ada@example.com", "ADA@example.com", "Ada@Example.Com", "aDa@EXAMPLE.com"] * 2,
        ["ada", "Ada", "ADA", "aDA", "adA"],
        ["ren\u00e9", "REN\u00c9", "rene\u0301", "RENE\u0301", "Ren\u00e9"],
        ["ren\u00e9@example.com", "REN\u00c9@example.com", "rene\u0301@EXAMPLE.com"] * 2,
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_all_spellings_of_a_name_share_one_counter_whether_it_exists_or_not(
    anyone, db, clock, spellings, exists
):
    spellings = spellings[:5]
    if exists:
        User.objects.create_user(spellings[0].partition("@")[0], spellings[0])
    codes = [
        guess(anyone, 1, name, REMOTE_ADDR=f"198.51.100.{n}")[0] for n, name in enumerate(spellings)
    ]
    assert codes == [401] * 5
    assert guess(anyone, 1, spellings[1].swapcase(), **HOME) == [429]


def test_known_and_unknown_accounts_cost_the_same(anyone, user):
    User.objects.create_user("carl@example.com", "carl@example.com", "another password of his")

    def statements(name: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert guess(anyone, 1, name) == [401]
        WrongPasswords.objects.all().delete()
        return [query["sql"].split()[0] for query in captured]

    assert statements("ada") == statements("nobody")
    mails = [statements(f"{name}@example.com") for name in ("ada", "carl", "nobody")]
    assert mails[0] == mails[1] == mails[2]


def test_unknown_accounts_are_slowed_like_known_ones(anyone, user, clock):
    known = guess(anyone, 7, "ada", **HOME)
    unknown = guess(anyone, 7, "nobody", **ATTACKER)
    assert known == unknown


def test_a_stranger_cannot_lock_the_owner_out_of_a_place_they_log_in_from(anyone, user, clock):
    assert log_in(anyone, **HOME).status_code == 200
    for n in range(30):
        guess(anyone, 1, REMOTE_ADDR=f"198.51.100.{n}")
    assert log_in(anyone, REMOTE_ADDR="198.51.100.200").status_code == 429
    assert log_in(anyone, **HOME).status_code == 200


def test_an_open_login_is_not_touched_by_guesses(anyone, user, tokens, clock):
    guess(anyone, 10, **ATTACKER)
    assert me(anyone, tokens["access_token"]).status_code == 200


def test_a_place_the_owner_logs_in_from_is_slowed_too(anyone, user, clock):
    log_in(anyone, **HOME)
    assert guess(anyone, 6, **HOME) == [401] * 5 + [429]


def test_the_counters_hold_no_word_of_what_was_typed(anyone, user):
    guess(anyone, 2, "hunter2")
    assert all("hunter2" not in str(vars(row)) for row in WrongPasswords.objects.all())


def test_of_many_guesses_at_once_during_the_waiting_one_passes(transactional_db, user):
    guess(APIClient(), 5)
    WrongPasswords.objects.update(not_before=timezone.now())
    answers = at_once(
        8, lambda: log_in(APIClient(), password="wrong"), 'UPDATE "accounts_wrongpasswords"'
    )
    assert sorted(answer.status_code for answer in answers) == [401] + [429] * 7


def test_right_passwords_at_once_are_not_slowed(transactional_db, user):
    guess(APIClient(), 4)
    answers = at_once(8, lambda: log_in(APIClient()), "UPDATE")
    assert [answer.status_code for answer in answers] == [200] * 8


def test_every_wrong_password_at_once_is_counted(transactional_db):
    at_once(4, lambda: log_in(APIClient(), password="wrong"), "SELECT")
    assert [row.count for row in WrongPasswords.objects.order_by("-count")] == [4, 4, 1]


def test_after_an_hour_of_quiet_tries_at_once_all_pass(user, clock):
    guess(APIClient(), 5)
    clock.shift(timedelta(hours=1))
    with ExitStack() as tries:
        for _ in range(3):
            tries.enter_context(login_throttle.guarded(account="ada", network="127.0.0.1"))
