"""Nothing leaves for a user who is deactivated, and an operator can stop all that is under way."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, phone, posts, rings, run_jobs, texts
from telephony.messages.models import Batch

HOUR = 3600
REASON = "The AVA account of its owner is deactivated. Nothing was sent."
SMS = {"to": THEIRS, "from": OURS, "body": "Hi"}
TALK = {"to": THEIRS, "from": OURS, "assistant_id": seed.ASSISTANT_ID}
SAID = {"to": THEIRS, "from": OURS, "say": "Hi"}


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any, twilio_user: User) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    values = {"api_key": "vapi-demo-key"}
    credentials.save(
        user=twilio_user, provider="vapi", values=values, actor=twilio_user, source="api"
    )


@pytest.fixture
def desk(operator: User, client: Client) -> Client:
    client.force_login(operator)
    return client


def begin(api: APIClient, path: str, **body: Any) -> str:
    answer = api.post(path, body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def batch_of(api: APIClient, *, per_minute: int = 60) -> str:
    people = [f"+1415555{number:04}" for number in range(20)]
    return begin(
        api,
        f"{MESSAGES}/bulk",
        **{"from": OURS},
        recipients=people,
        body="News",
        per_minute=per_minute,
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [(CALLS, SAID), (CALLS, TALK), (MESSAGES, SMS)],
    ids=["call", "assistant's call", "message"],
)
def test_what_was_scheduled_does_not_leave(
    api: APIClient, user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    key = begin(api, path, **body, send_at=when)
    User.objects.filter(pk=user.pk).update(is_active=False)
    for seconds in (10, 60):
        run_jobs(seconds=HOUR + seconds)
    assert rings(sandbox) == texts(sandbox) == []
    User.objects.filter(pk=user.pk).update(is_active=True)
    found = api.get(f"{path}/{key}").json()
    assert (found["status"], found["error"]) == ("failed", REASON)


def test_a_batch_stops_and_does_not_go_on_by_itself(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    key = batch_of(api)
    run_jobs()
    assert len(posts(sandbox)) == 1
    User.objects.filter(pk=user.pk).update(is_active=False)
    for seconds in (2, 4, 6):
        run_jobs(seconds=seconds)
    User.objects.filter(pk=user.pk).update(is_active=True)
    for seconds in (HOUR, 2 * HOUR):
        run_jobs(seconds=seconds)
    assert len(posts(sandbox)) == 1
    found = api.get(f"{MESSAGES}/bulk/{key}").json()
    assert found["state"] == "paused"
    assert found["error"] == f"{REASON} Once it is active again, resume the batch."


def test_an_operator_deactivates_a_user_and_stops_everything(
    api: APIClient, user: User, desk: Client, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    begin(api, CALLS, **SAID)
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    begin(api, CALLS, **SAID, send_at=when)
    begin(api, MESSAGES, **SMS, send_at=when)
    batch_of(api)
    order = {"action": "deactivate", "_selected_action": [user.pk]}
    page = desk.post("/admin/auth/user/", order, follow=True).content.decode()
    assert "Ada is deactivated. 4 calls, messages and batches are stopped." in page
    assert api.get(CALLS).status_code == 401
    for seconds in (3, HOUR + 60):
        run_jobs(seconds=seconds)
    assert len(posts(sandbox)) == 2  # the call, and its end
    assert texts(sandbox) == []
    assert set(user.calls.values_list("status", flat=True)) <= {"completed", "canceled"}
    assert set(user.messages.values_list("status", flat=True)) == {"canceled"}


@pytest.mark.django_db(transaction=True)
def test_a_user_with_many_calls_is_stopped_in_short_transactions(
    api: APIClient, user: User, desk: Client
) -> None:
    """A tenant's flood must not keep everybody from writing while it is ended."""
    batch_of(api)
    depths = set()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "telephony_message"'):
            depths.add(len(connection.atomic_blocks))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        desk.post("/admin/auth/user/", {"action": "deactivate", "_selected_action": [user.pk]})
    assert set(user.messages.values_list("status", flat=True)) == {"canceled"}
    assert depths == {1}  # a chunk's own transaction, in none that is longer


@pytest.mark.django_db(transaction=True)
def test_taking_the_tick_from_active_stops_everything_too(
    api: APIClient, user: User, desk: Client, operator: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    begin(api, CALLS, **SAID)
    page = f"/admin/auth/user/{user.pk}/change/"
    form = desk.get(page).context["adminform"].form
    fields = {name: value for name, value in form.initial.items() if name in form.fields and value}
    joined = timezone.localtime(user.date_joined)
    dates = {"date_joined_0": joined.date(), "date_joined_1": joined.strftime("%H:%M:%S")}
    answer = desk.post(page, {**fields, **dates, "is_active": ""}, follow=True)
    said = "Ada is deactivated. 1 calls, messages and batches are stopped."
    assert said in answer.content.decode()
    run_jobs(seconds=3)
    assert user.calls.get().status in ("completed", "canceled")


def test_an_operator_does_not_deactivate_themselves(desk: Client, operator: User) -> None:
    order = {"action": "deactivate", "_selected_action": [operator.pk]}
    page = desk.post("/admin/auth/user/", order, follow=True).content.decode()
    assert "You cannot deactivate yourself." in page
    operator.refresh_from_db()
    assert operator.is_active


@pytest.mark.parametrize(("order", "state"), [("pause", "paused"), ("cancel", "canceled")])
def test_an_operator_stops_a_batch(
    api: APIClient, desk: Client, sandbox: Sandbox, order: str, state: str
) -> None:
    key = batch_of(api)
    desk.post("/admin/telephony/batch/", {"action": order, "_selected_action": [key]})
    assert Batch.objects.get(pk=key).state == state
    run_jobs(seconds=60)
    assert texts(sandbox) == []


def test_an_operator_takes_a_scheduled_message_back(
    api: APIClient, desk: Client, sandbox: Sandbox
) -> None:
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    key = begin(api, MESSAGES, **SMS, send_at=when)
    order = {"action": "take_back", "_selected_action": [key]}
    desk.post("/admin/telephony/message/", order)
    run_jobs(seconds=HOUR + 60)
    assert texts(sandbox) == []
    assert api.get(f"{MESSAGES}/{key}").json()["status"] == "canceled"


@pytest.mark.parametrize(
    ("rows", "order"), [("auth/user", "deactivate"), ("telephony/batch", "cancel")]
)
def test_staff_who_may_only_look_stop_nothing(
    api: APIClient, user: User, stranger: User, client: Client, rows: str, order: str
) -> None:
    stranger.is_staff = True
    stranger.save()
    looks = ("view_user", "view_batch")
    stranger.user_permissions.set(Permission.objects.filter(codename__in=looks))
    client.force_login(stranger)
    key = batch_of(api)
    chosen = user.pk if rows == "auth/user" else key
    client.post(f"/admin/{rows}/", {"action": order, "_selected_action": [chosen]})
    user.refresh_from_db()
    assert user.is_active
    assert Batch.objects.get(pk=key).state == "running"
