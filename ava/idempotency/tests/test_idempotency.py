"""A request with a key is done once, however often it is sent."""

import threading
import uuid
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from ava.http.problems import Problem, ValidationFailed
from ava.idempotency import services
from ava.idempotency.models import Request
from ava.idempotency.services import InProgress, KeyInvalid, KeyReused, Reply
from ava.jobs import pruning

pytestmark = [pytest.mark.database, pytest.mark.django_db]


class Phone:
    """Rings once for each row, as telephony does it: what was begun under an ID is found again."""

    def __init__(self, *outcomes: BaseException | int) -> None:
        self.rings = 0
        self.rows: list[uuid.UUID | None] = []
        self.outcomes = list(outcomes)

    def __call__(self, row: uuid.UUID | None) -> Reply:
        if row is None or row not in self.rows:
            self.rings += 1
        self.rows.append(row)
        outcome = self.outcomes.pop(0) if self.outcomes else 201
        if isinstance(outcome, BaseException):
            raise outcome
        return Reply(outcome, {"ring": self.rings, "at": "now"})


def send(
    user: User,
    phone: Phone,
    *,
    key: str | None = "key-1",
    body: dict[str, object] | None = None,
    scope: str = "calls",
    now: datetime | None = None,
) -> Reply:
    return services.run(
        user=user,
        scope=scope,
        key=key,
        body={"to": "+15551234567", "say": "Hi"} if body is None else body,
        act=phone,
        now=now,
    )


def test_the_same_request_gets_the_same_answer_and_is_done_once(user: User) -> None:
    phone = Phone()
    first, second = send(user, phone), send(user, phone)
    assert phone.rings == 1
    assert (first.status, first.body) == (second.status, second.body) == (
        201, {"ring": 1, "at": "now"},
    )  # fmt: skip
    assert (first.replayed, second.replayed) == (False, True)


def test_the_order_of_the_members_makes_no_other_body(user: User) -> None:
    phone = Phone()
    send(user, phone, body={"a": 1, "b": [2]})
    assert send(user, phone, body={"b": [2], "a": 1}).replayed
    assert phone.rings == 1


@pytest.mark.parametrize("body", [{"to": "+15557654321"}, {}])
def test_another_body_is_refused(user: User, body: dict[str, object]) -> None:
    phone = Phone()
    send(user, phone)
    with pytest.raises(KeyReused) as refused:
        send(user, phone, body=body)
    assert (refused.value.status, phone.rings) == (422, 1)


def test_without_a_key_every_request_is_done(user: User) -> None:
    phone = Phone()
    send(user, phone, key=None)
    send(user, phone, key=None)
    assert phone.rings == 2
    assert not Request.objects.exists()


def test_keys_belong_to_one_user_and_one_endpoint(user: User, stranger: User) -> None:
    phone = Phone()
    send(user, phone)
    send(stranger, phone)
    send(user, phone, scope="messages")
    assert phone.rings == 3


@pytest.mark.parametrize("key", ["", "a" * 256, "clé", "a\nb", "a\x00", "\x7f"])
def test_a_key_that_is_none_is_refused_and_nothing_done(user: User, key: str) -> None:
    phone = Phone()
    with pytest.raises(KeyInvalid):
        send(user, phone, key=key)
    assert phone.rings == 0


@pytest.mark.parametrize("key", ["a", "a" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', " ~"])
def test_keys_of_any_printable_characters_are_taken(user: User, key: str) -> None:
    phone = Phone()
    send(user, phone, key=key)
    send(user, phone, key=key)
    assert phone.rings == 1


def test_a_request_that_was_not_valid_frees_its_key(user: User) -> None:
    phone = Phone(ValidationFailed(errors={"to": ["No."]}))
    with pytest.raises(ValidationFailed):
        send(user, phone)
    assert send(user, phone, body={"to": "+15557654321"}).status == 201


@pytest.mark.parametrize("outcome", [Problem("later"), KeyError("a bug"), 502])
def test_after_a_failure_the_same_request_goes_on_under_the_same_row(
    user: User, outcome: BaseException | int
) -> None:
    phone = Phone(outcome)
    if isinstance(outcome, int):
        assert send(user, phone).status == outcome
    else:
        with pytest.raises(type(outcome)):
            send(user, phone)
    with pytest.raises(KeyReused):
        send(user, phone, body={})
    assert send(user, phone).status == 201
    assert phone.rings == 1
    assert phone.rows[0] == phone.rows[1]


def test_while_the_first_is_under_way_the_second_has_to_wait(user: User) -> None:
    refusals: list[Problem] = []

    def act(row: uuid.UUID | None) -> Reply:
        with pytest.raises(InProgress) as refused:
            send(user, Phone(), body={})
        refusals.append(refused.value)
        return Reply(201, {})

    services.run(user=user, scope="calls", key="key-1", body={}, act=act)
    assert [(p.status, p.retry_after) for p in refusals] == [(409, 2)]


def test_a_request_that_died_is_followed_when_its_lease_is_over(user: User) -> None:
    now = timezone.now()
    phone = Phone(SystemExit())
    with pytest.raises(SystemExit):
        send(user, phone, now=now)
    with pytest.raises(InProgress):
        send(user, phone, now=now + timedelta(seconds=59))
    assert send(user, phone, now=now + timedelta(seconds=60)).status == 201
    assert phone.rings == 1


def test_a_key_is_new_after_a_day(user: User) -> None:
    now = timezone.now()
    phone = Phone()
    send(user, phone, now=now)
    send(user, phone, now=now + timedelta(hours=23, minutes=59))
    assert phone.rings == 1
    send(user, phone, now=now + timedelta(hours=24), body={"other": "body"})
    assert phone.rings == 2


def test_old_keys_are_pruned(user: User) -> None:
    send(user, Phone(), now=timezone.now() - timedelta(hours=25))
    send(user, Phone(), key="young")
    before = timezone.now() - timedelta(days=90)
    for dry_run in (True, False):
        assert pruning.prune("idempotency keys", before, dry_run=dry_run) == 1
    assert Request.objects.get().key == "young"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_done(user: User) -> None:
    phone = Phone()
    start = threading.Barrier(8)
    answers: list[object] = []

    def one() -> None:
        start.wait()
        try:
            answers.append(send(user, phone).status)
        except InProgress as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert phone.rings == 1
    assert len(answers) == 8
    assert set(answers) <= {201, "idempotency_in_progress"}
