"""`manage.py breakers`, in this process and in one of its own."""

import json
import time
from io import StringIO

import pytest
from django.core.management import CommandError, ManagementUtility, call_command
from django.utils import timezone

from integrations.breakers.models import BreakerControl, BreakerEvent
from integrations.breakers.tests.conftest import Ask, fail
from integrations.tests.process import manage
from sandbox.server import Sandbox


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("breakers", *arguments, stdout=out)
    return out.getvalue()


def until(ask: Ask, status: int) -> None:
    """Ask until the answer has this status, for ten seconds at most."""
    end = time.monotonic() + 10
    while (answer := ask("waiting")).status_code != status:
        assert time.monotonic() < end, answer.content
        time.sleep(0.05)


@pytest.mark.django_db
def test_list_names_every_breaker_and_its_state() -> None:
    lines = run("list").splitlines()
    assert {line.split()[0] for line in lines} >= {"twilio", "resend", "smtp", "google"}
    assert all(line.split()[1] == "closed" for line in lines)


@pytest.mark.django_db
def test_list_of_one_in_json_holds_every_fact() -> None:
    now = timezone.now()
    BreakerEvent.objects.create(
        provider="smtp", from_state="closed", to_state="open", reason="because", at=now
    )
    (row,) = json.loads(run("list", "smtp", "--json"))
    assert 0 < row.pop("next_try") <= 30
    assert row.pop("since")[:19] == now.isoformat()[:19]
    assert row == {
        "provider": "smtp",
        "name": "SMTP",
        "state": "open",
        "forced": None,
        "until": None,
        "reason": "because",
        "degraded": False,
        "for_one": False,
    }


@pytest.mark.django_db
def test_an_order_says_what_holds_now_and_keeps_who_and_why() -> None:
    assert "held until a reset" in run("open", "smtp", "--reason", "moving house")
    assert "(forced open: moving house (the command line))" in run("list", "smtp")
    assert "held until 2" in run("close", "smtp", "--until", "5")
    assert run("reset", "smtp").split()[1] == "closed"
    events = BreakerEvent.objects.order_by("id")
    assert [event.to_state for event in events] == ["open", "closed", "closed"]
    assert all(event.correlation_id for event in events)


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["list", "open", "close", "reset"])
def test_an_unknown_breaker_is_refused_in_a_sentence(action: str) -> None:
    with pytest.raises(CommandError, match=r"There is no breaker called 'telex'\. Choose one of"):
        run(action, "telex")
    assert not BreakerControl.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", ["0", "-1", "soon", "9999999", "1.5"])
def test_a_wrong_number_of_minutes_is_refused(minutes: str) -> None:
    with pytest.raises(CommandError, match="whole number from 1 to 525600"):
        run("open", "smtp", "--until", minutes)
    assert not BreakerControl.objects.exists()


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_another_process_steers_the_breaker_of_this_one(ask: Ask, sandbox: Sandbox) -> None:
    assert ask("before").status_code == 200

    opened = manage("breakers", "open", "twilio", "--reason", "repair")
    assert (opened.returncode, opened.stderr) == (0, "")
    until(ask, 503)

    reset = manage("breakers", "reset", "twilio")
    assert (reset.returncode, reset.stderr) == (0, "")
    until(ask, 200)

    fail(sandbox, ask)
    listed = manage("breakers", "list", "twilio")
    assert listed.stdout.startswith("twilio     open since")
    assert "1 failures in a row" in listed.stdout

    manage("breakers", "reset", "twilio")
    until(ask, 200)
    assert [event.reason for event in BreakerEvent.objects.order_by("id")] == [
        "forced open: repair (the command line)",
        "reset: by the command line",
        "1 failures in a row",
        "reset: by the command line",
    ]


def test_a_wrong_call_ends_with_a_sentence_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        ManagementUtility(["manage.py", "breakers", "reset", "telex"]).execute()
    assert end.value.code == 2
    assert "There is no breaker called 'telex'" in capsys.readouterr().err
