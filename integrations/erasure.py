"""Erasure of a person from mails, calendar events and summary settings."""

from collections.abc import Iterator
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from ava.erasure.person import Person
from ava.erasure.steps import Step
from ava.intents.states import PENDING, UNKNOWN
from integrations.calendar.models import CalendarEvent, CalendarEventEntry
from integrations.email.models import Mail, MailAttachment, MailEntry, Recipient
from integrations.email.summaries.models import SummarySettings

EVENT = ("title", "location", "description", "attendees", "error", "html_link")


def steps(person: Person) -> Iterator[Step]:
    mails, events = _mails(person), _events(person)
    rows: list[Any] = [*mails, *events]
    for row in rows:
        ids = (row.pk, row.correlation_id, row.reference)
        person.references |= {str(one) for one in ids if one}
    # What went to others, too, is theirs as well: there only the address goes, by the sweep.
    alone = {mail.pk for mail in mails if len(mail.recipients.all()) == 1}
    yield Step(Mail, [*alone], ("subject", "text", "html", "error"), _redact_mail)
    files = MailAttachment.objects.filter(mail__in=alone).values_list("pk", flat=True)
    yield Step(MailAttachment, [*files], ("filename", "content"), _redact_file)
    keys = [event.pk for event in events]
    yield Step(CalendarEvent, keys, EVENT, lambda row: _redact_event(row, person))
    for entry, intents in ((MailEntry, alone), (CalendarEventEntry, keys)):
        objects: Any = entry._base_manager
        said = objects.filter(intent__in=intents).exclude(detail="").values_list("pk", flat=True)
        yield Step(entry, [*said], ("detail",), lambda row: setattr(row, "detail", ""))
    keys = [row.pk for row in SummarySettings.objects.all() if person.is_in(row.recipients)]
    yield Step(SummarySettings, keys, ("recipients",), lambda row: _remove_recipient(row, person))


def under_way(person: Person) -> int:
    """Mails and events whose outcome is still looked for."""
    rows = (*_mails(person), *_events(person))
    return sum(row.status in (PENDING, UNKNOWN) and not row.error for row in rows)


def at_resend(person: Person) -> int:
    return sum(bool(row.reference) for row in _mails(person))


def at_calendars(person: Person) -> int:
    return sum(bool(row.reference) for row in _events(person))


def _mails(person: Person) -> list[Mail]:
    found = Recipient.objects.filter(address__icontains=person.needle)
    keys = {one.mail_id for one in found if person.is_in(one.address)}
    return list(Mail.objects.filter(pk__in=keys).prefetch_related("recipients"))


def _events(person: Person) -> list[CalendarEvent]:
    """Events with the person among the attendees, or in title or description (as bookings)."""
    rows = CalendarEvent.objects.alias(_attendees=Cast("attendees", TextField()))
    return [
        row
        for column in ("_attendees", "title", "description", "location")
        for row in rows.filter(**{f"{column}__icontains": person.needle})
        if person.is_in([row.attendees, row.title, row.description, row.location])
    ]


def _redact_mail(row: Mail) -> None:
    row.subject = row.text = row.html = row.error = ""


def _redact_file(row: MailAttachment) -> None:
    row.filename, row.content = "", None


def _redact_event(row: CalendarEvent, person: Person) -> None:
    row.title = person.placeholder
    row.location = row.description = row.error = row.html_link = ""
    row.attendees = person.without(row.attendees)


def _remove_recipient(row: SummarySettings, person: Person) -> None:
    row.recipients = [one for one in row.recipients if not person.is_in(one)]
    row.enabled = row.enabled and bool(row.recipients)
