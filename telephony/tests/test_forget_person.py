"""`manage.py forget_person`: a person planted everywhere is found nowhere, and all rows stay."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from ava.activity.models import Activity
from ava.idempotency.models import Request
from ava.inbound.models import Delivery, Refusal
from ava.jobs.models import Job
from integrations.calendar.models import CalendarEvent
from integrations.email.models import Mail, MailAttachment
from integrations.email.summaries.models import SummarySettings
from integrations.email.suppressions.models import Suppression
from telephony.models import Batch, Call, Message, OptOut
from vapi_settings.models import Revision

pytestmark = pytest.mark.database

NUMBER, LONGER = "+14155550123", "+4914155550123"
ADDRESS, OTHER = "grace@example.org", "disgrace@example.org"
SAID = "planted-words"
OURS = "+15005550006"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("forget_person", *arguments, stdout=out)
    return out.getvalue()


def everything() -> dict[str, list[dict[str, Any]]]:
    """Each table with all its rows, read without any model's manager."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
    }


def where(needle: str) -> set[str]:
    """Tables and columns in which a text stands."""
    return {
        f"{label}.{name}"
        for label, rows in everything().items()
        for row in rows
        for name, value in row.items()
        if needle.lower() in str(value).lower()
    }


def counts() -> dict[str, int]:
    return {label: len(rows) for label, rows in everything().items()}


@pytest.fixture
def planted(user: User) -> User:
    """What AVA may hold of somebody who has a number and an address."""
    now = timezone.now()
    ids: dict[str, Any] = {"owner": user, "correlation_id": "c" * 36}
    call = Call.objects.create(
        **ids, to=NUMBER, from_number=OURS, kind="say", status="completed", twiml=SAID,
        transcript=SAID, summary=SAID, recording_url="https://x/planted-words", provider_sid="CA1",
        vapi_call_id="5f0a4d5e-5a0b-4c36-9a52-3b6a7a9b8c12", details={"CallerName": SAID},
    )  # fmt: skip
    call.timeline.create(status="failed", source="api", detail=f"{NUMBER} said {SAID}")
    Message.objects.create(
        **ids, to=OURS, from_number=NUMBER, direction="inbound", status="received", body=SAID
    )
    Message.objects.create(**ids, to=LONGER, from_number=OURS, status="delivered", body="stays")
    Batch.objects.create(owner=user, from_number=OURS, per_minute=1, rejected=[{"to": NUMBER}])
    mail = Mail.objects.create(
        **ids, backend="resend", holder="1", from_email="ada@example.com", status="delivered",
        subject=SAID, text=SAID, html=SAID,
    )  # fmt: skip
    mail.recipients.create(kind="to", address=ADDRESS.capitalize(), status="delivered")
    MailAttachment.objects.create(mail=mail, filename=SAID, size=1, content=SAID.encode())
    both = Mail.objects.create(
        **ids, backend="resend", holder="1", from_email="ada@example.com", status="delivered",
        subject="to both", text=f"Dear {ADDRESS}",
    )  # fmt: skip
    both.recipients.create(kind="to", address=ADDRESS, status="delivered")
    both.recipients.create(kind="to", address=OTHER, status="delivered")
    for number, mark in enumerate((NUMBER, ADDRESS)):
        CalendarEvent.objects.create(
            **ids, provider="google", title=SAID, description=f"{SAID} {mark}", status="confirmed",
            start="s", end="e", time_zone="UTC", attendees=[ADDRESS],
            starts_at=now + timedelta(days=number), ends_at=now + timedelta(days=number, hours=1),
        )  # fmt: skip
    SummarySettings.objects.create(user=user, enabled=True, recipients=[ADDRESS, OTHER])
    for number, payload in enumerate(
        (
            {"From": NUMBER, "Body": SAID},
            {"raw": "From=%2B14155550123", "said": SAID},
            {"message": {"call": {"id": call.vapi_call_id}, "transcript": SAID}},
            {"data": {"to": [ADDRESS], "subject": SAID}},
        )
    ):
        Delivery.objects.create(
            provider="vapi", kind="", delivery_id=str(number), payload=payload, received_at=now,
            state="done",
        )  # fmt: skip
    Refusal.objects.create(at=now, provider="twilio", kind="voice", reason="", seen={"To": NUMBER})
    Activity.objects.create(
        owner=user, correlation_id="c" * 36, at=now, kind="call", summary="Call to …0123: failed",
        failed=True, link=call.link,
    )  # fmt: skip
    Request.objects.create(
        user=user, scope="s", key="k", fingerprint="f", created_at=now, body={"to": NUMBER}
    )
    Job.objects.create(kind="x", due_at=now, created_at=now, last_error=f"{NUMBER} refused")
    LogEntry.objects.create(user=user, action_flag=2, object_repr=f"{OURS} to {NUMBER}")
    Revision.objects.create(
        owner=user, assistant_id="a", key="k", number=1, after=f'"{NUMBER}"', source="api",
        status="confirmed",
    )  # fmt: skip
    OptOut.objects.create(holder=str(user.pk), number=OURS, person=NUMBER)
    Suppression.objects.create(user=user, address=ADDRESS, reason="user")
    return user


def test_a_person_is_found_nowhere_afterwards_and_every_row_is_still_there(planted: User) -> None:
    before = counts()
    said = run(NUMBER, "--yes") + run(ADDRESS, "--yes")
    assert where(NUMBER.removeprefix("+")) == {
        "telephony.OptOut.person",
        "telephony.Message.to",  # a longer number, of somebody else
    }
    assert {row["to"] for row in everything()["telephony.Message"]} >= {LONGER}
    assert where(ADDRESS) == {
        "integrations.Suppression.address",
        "integrations.Recipient.address",  # disgrace@
        "integrations.SummarySettings.recipients",
    }
    assert where(SAID) == set()
    assert where("…0123") == set()
    assert counts() == before
    assert "calls: 1 redacted" in said
    assert "Kept: opt-outs" in said
    assert "Twilio still holds 1: delete them there." in said
    assert "Vapi still holds 1" in said


def test_what_is_about_others_stays(planted: User) -> None:
    run(ADDRESS, "--yes")
    both = Mail.objects.get(subject="to both")
    assert both.text.startswith("Dear forgotten-")
    assert SummarySettings.objects.get().recipients == [OTHER]
    assert Message.objects.get(to=LONGER).body == "stays"
    call = Call.objects.get()
    assert (call.to, call.transcript) == (NUMBER, SAID), "an address says nothing of a number"


def test_without_yes_it_counts_and_changes_nothing(planted: User) -> None:
    before = everything()
    said = run("+1 (415) 555-0123")
    assert everything() == before
    assert "calls: 1 would be redacted" in said
    assert said.endswith("Nothing was changed. Add --yes to do it.\n")
    assert run(NUMBER, "--yes").count(" redacted") == said.count("would be redacted")


def test_run_again_it_finds_nothing_more(planted: User) -> None:
    run(NUMBER, "--yes")
    assert "AVA holds nothing about that person." in run(NUMBER, "--yes")


def test_what_is_under_way_is_not_broken(planted: User) -> None:
    Call.objects.update(status="ringing")
    with pytest.raises(CommandError, match=r"Still under way \(calls and messages: 1\)"):
        run(NUMBER, "--yes")
    assert Call.objects.get().to == NUMBER


def test_what_is_neither_number_nor_address_is_refused(db: None) -> None:
    for text in ("0123", "grace", "@example.org", "+1"):
        with pytest.raises(CommandError, match="must be a phone number such as"):
            run(text)


def test_opt_outs_hold_for_the_forgotten_number(planted: User, api: Any) -> None:
    run(NUMBER, "--yes")
    found = api.get("/api/v1/twilio/opt-outs").json()["results"]
    assert [one["number"] for one in found] == [NUMBER]
