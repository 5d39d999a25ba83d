"""Activity: the list of what happened, and the story of a correlation ID."""

from collections import deque
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone
from rest_framework.test import APIClient

from ava.activity import services
from ava.activity.models import Activity
from ava.http import middleware
from ava.jobs import pruning
from ava.jobs.services import run_due
from ava.observability import recorder
from sandbox.server import Sandbox
from vapi_settings.conftest import store_key

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/activity"
TEMPERATURE = "/api/v1/vapi/settings/temperature"


@pytest.fixture
def ada(api: APIClient, user: User, sandbox: Sandbox, settings: Any) -> APIClient:
    settings.RATE_LIMIT_PER_MINUTE = 100_000
    store_key(user)
    return api


@pytest.fixture
def eve(db: None) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("eve"))
    return client


def story(client: APIClient, correlation_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"{PATH}/{correlation_id}")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["entries"])


def edit(client: APIClient, correlation_id: str, value: float = 0.5) -> Any:
    headers = {"X-Correlation-ID": correlation_id}
    return client.put(TEMPERATURE, {"value": value}, format="json", headers=headers)


def test_a_story_has_the_request_its_attempts_and_what_became_of_it(ada: APIClient) -> None:
    assert edit(ada, "edit-1").status_code == 200
    entries = story(ada, "edit-1")
    assert [one["at"] for one in entries] == sorted(one["at"] for one in entries)
    kinds = [one["kind"] for one in entries]
    assert kinds[0] == "request"
    assert kinds.count("attempt") == 4
    assert kinds.count("revision") == 1
    assert all(one["status"] in ("200", "confirmed") for one in entries)
    assert all(one["duration_ms"] >= 0 for one in entries if one["kind"] != "revision")
    [revision] = [one for one in entries if one["kind"] == "revision"]
    assert ada.get(revision["links"]["revision"]).status_code == 200


def test_a_request_comes_before_its_attempts_however_late_it_is_recorded(
    ada: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(timezone.now(), tick=True) as clock:

        def held_up(*_: Any, **__: Any) -> None:
            clock.shift(timedelta(seconds=5))

        monkeypatch.setattr(middleware, "listeners", [held_up, *middleware.listeners])
        edit(ada, "edit-5")
        entries = story(ada, "edit-5")
    assert [one["kind"] for one in entries][:2] == ["request", "attempt"]


def test_a_failure_says_what_the_provider_answered_and_what_the_caller_saw(
    ada: APIClient, sandbox: Sandbox
) -> None:
    sandbox.faults.add("vapi", "status", match="PATCH /assistant", status=500)
    assert edit(ada, "edit-2").status_code == 502
    failed = [one for one in story(ada, "edit-2") if one["failed"]]
    assert ("attempt", "500") in {(one["kind"], one["status"]) for one in failed}
    [request] = [one for one in failed if one["kind"] == "request"]
    assert "Connection to Vapi failed. Please try again later." in request["summary"]


def test_an_answer_that_was_no_json_is_part_of_the_story(ada: APIClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "garbage", match="GET /assistant", count=1)
    assert edit(ada, "edit-4").status_code == 502
    attempts = [one for one in story(ada, "edit-4") if one["kind"] == "attempt"]
    assert [one["status"] for one in attempts] == ["200", "unreadable"]
    assert attempts[1]["failed"]
    assert attempts[1]["summary"].endswith(": not JSON")


def test_a_strangers_id_is_an_empty_story(ada: APIClient, eve: APIClient) -> None:
    edit(ada, "edit-3")
    assert story(eve, "edit-3") == []
    assert eve.get(PATH).json()["results"] == []
    assert len(story(ada, "edit-3")) > 3


def test_the_list_is_filtered_by_kind_time_and_failure(ada: APIClient, sandbox: Sandbox) -> None:
    edit(ada, "good")
    sandbox.faults.add("vapi", "status", match="GET /assistant", status=500)
    began = timezone.now()
    edit(ada, "bad", 0.6)

    def listed(**params: Any) -> list[dict[str, Any]]:
        answer = ada.get(PATH, params)
        assert answer.status_code == 200, answer.content
        return list(answer.json()["results"])

    assert {one["correlation_id"] for one in listed(failed="true")} == {"bad"}
    assert {one["kind"] for one in listed(kind="attempt")} == {"attempt"}
    assert {one["correlation_id"] for one in listed(until=began.isoformat())} == {"good"}
    assert {one["correlation_id"] for one in listed(since=began.isoformat())} == {"bad"}
    assert ada.get(PATH, {"kind": "rumour"}).status_code == 400
    times = [one["at"] for one in listed()]
    assert times == sorted(times, reverse=True)


def test_pages_follow_each_other_while_more_happens(ada: APIClient) -> None:
    edit(ada, "first")
    page = ada.get(PATH, {"limit": 2}).json()
    seen = [*page["results"]]
    edit(ada, "second", 0.7)
    while page["next"]:
        page = ada.get(page["next"]).json()
        seen += page["results"]
    assert {one["correlation_id"] for one in seen} == {"first"}
    assert len({(one["at"], one["summary"]) for one in seen}) == len(seen) == 5


def test_a_read_from_a_copy_leaves_no_row(ada: APIClient) -> None:
    ada.get(TEMPERATURE)
    services.write()
    before = Activity.objects.count()
    for path in (TEMPERATURE, "/api/v1/vapi/settings", "/api/v1/integrations", "/api/v1/auth/me"):
        assert ada.get(path).status_code == 200
    services.write()
    assert Activity.objects.count() == before > 0


def test_a_refusal_by_the_rate_limit_leaves_no_row(ada: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    for _ in range(3):
        ada.get("/api/v1/vapi/settings/nonsense_key")
    services.write()
    assert {row.status for row in Activity.objects.filter(kind="request")} == {"404"}


def test_a_phone_number_in_an_address_is_not_kept(ada: APIClient) -> None:
    ada.delete("/api/v1/twilio/opt-outs/+14155550199")
    services.write()
    [row] = Activity.objects.filter(kind="request")
    assert "4155550199" not in row.summary
    assert row.summary.startswith("DELETE /api/v1/twilio/opt-outs/<str:number>")


def test_a_job_is_part_of_the_story_that_asked_for_it(ada: APIClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("twilio", "status", match="POST /", status=500, count=5)
    ada.put(
        "/api/v1/integrations/twilio/credentials",
        {"account_sid": f"AC{'0' * 32}", "auth_token": "twilio-demo-token"},
        format="json",
    )
    body = {"to": "+14155550199", "from": "+15005550006", "body": "Hi"}
    answer = ada.post(
        "/api/v1/twilio/messages", body, format="json", headers={"X-Correlation-ID": "text-1"}
    )
    assert answer.status_code == 202, answer.content
    entries = story(ada, "text-1")
    [waiting] = [one for one in entries if one["kind"] == "job"]
    assert waiting["status"] == "waiting"
    own = [one for one in entries if one["kind"] == "message"]
    assert [one["status"] for one in own] == ["pending", "unknown"]
    assert own[0]["links"] == {"message": f"/api/v1/twilio/messages/{answer.json()['id']}"}
    assert "+14155550199" not in str(entries)
    run_due()


def test_what_cannot_be_written_waits_and_is_written_later(
    ada: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(ada, "later")

    def fails(rows: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(Activity.objects, "bulk_create", fails)
        services.write()
    assert len(recorder.waiting) == 5
    assert len([one for one in story(ada, "later") if one["kind"] == "attempt"]) == 4


def test_two_threads_that_write_at_once_lose_nothing(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shared(deque[recorder.Entry]):
        """Another thread takes the last one whenever one is taken."""

        def popleft(self) -> recorder.Entry:
            taken.append(self.pop())
            return super().popleft()

    taken: list[recorder.Entry] = []
    for summary in ("mine", "another's"):
        recorder.record("request", summary, status=200, failed=False, owner_id=user.pk)
    monkeypatch.setattr(recorder, "waiting", Shared(recorder.waiting))
    services.write()
    assert [row.summary for row in Activity.objects.all()] == ["mine"]
    assert [one.summary for one in taken] == ["another's"]


def test_only_so_much_waits_in_a_process(user: User) -> None:
    dropped = recorder.DROPPED._value.get()
    for number in range(recorder.MOST + 3):
        recorder.record("request", str(number), status=200, failed=False, owner_id=user.pk)
    assert len(recorder.waiting) == recorder.MOST
    assert recorder.waiting[0].summary == "3"
    assert recorder.DROPPED._value.get() == dropped + 3


def test_old_activity_is_pruned_after_its_own_days(user: User, settings: Any) -> None:
    for days in (29, 31):
        at = timezone.now() - timedelta(days=days)
        recorder.record("request", str(days), status=200, failed=False, owner_id=user.pk, at=at)
    services.write()
    pruning.run_daily()
    assert [row.summary for row in Activity.objects.all()] == ["29"]


def test_the_story_of_an_outage_shows_the_breaker_to_those_whom_it_concerns(
    ada: APIClient, eve: APIClient, sandbox: Sandbox
) -> None:
    sandbox.faults.add("vapi", "status", match="GET /assistant", status=500)
    for _ in range(4):
        edit(ada, "outage")
    assert "breaker" in {one["kind"] for one in story(ada, "outage")}
    assert "provider_unavailable" in {one["status"] for one in story(ada, "outage")}
    assert story(eve, "outage") == []
