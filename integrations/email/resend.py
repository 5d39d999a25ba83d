"""Resend client: keys, sending, listing (https://resend.com/docs/api-reference/errors)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from anymail.exceptions import AnymailError, AnymailRequestsAPIError, AnymailUnsupportedFeature
from django.core.mail import EmailMessage

from ava import upstream
from ava.http.problems import Problem
from ava.upstream import Answer, Service, parse_json
from ava.upstream.errors import ProviderAuthFailed, ProviderUnreachable
from integrations.credentials.store import Credentials
from integrations.email import addresses
from integrations.email.errors import MailRefused, MailSenderRefused
from integrations.email.resend_backend import ResendBackend

RESEND = Service("resend", "Resend")
TAG: Final = "ava_mail"
"""Resend's webhooks name the tags of a mail: this one has the ID of AVA's row."""

# In the body of a 401 it distinguishes a key that may only send from a wrong one.
_SENDING_ONLY = b'"restricted_api_key"'
_SENDER = (
    "Resend does not send from {sender}. Verify its domain at resend.com, or change the from_email."
)
_REFUSALS: Final = {
    "invalid_attachment": "Resend does not take one of the attachments.",
    "invalid_from_address": _SENDER,
    "security_error": "Resend has refused this e-mail for security reasons.",
}
_NOT_TAKEN: Final = (
    "Resend does not take this e-mail. Check its addresses, its subject and its texts."
)
_MOST_PAGES = 5


def verify(credentials: Credentials) -> str:
    """Ask Resend whether it takes the key; the answer as a sentence. Raises: ProviderProblem."""
    try:
        answer = _get(credentials, "/domains")
    except ProviderAuthFailed as refusal:
        if _SENDING_ONLY not in refusal.answer:
            raise
        return "Resend accepted the key. It may only send e-mails, which is all that AVA needs."
    if answer.status != 200 or not isinstance(answer.json(), dict):
        raise ProviderUnreachable(RESEND)
    return "Resend accepted the key."


def send(message: EmailMessage, *, credentials: Credentials, key: str) -> str:
    """Send a mail, once for each key within 24 hours. Resend's ID of it.

    Raises: MailRefused, MailSenderRefused, ProviderProblem.
    """
    sender = message.from_email
    backend = ResendBackend(
        api_key=credentials.fields["api_key"],
        idempotency_key=key,
        refuse=lambda answer: _refusal(answer, sender),
    )
    sending: Any = message
    sending.esp_extra = {"tags": [{"name": TAG, "value": key}]}
    try:
        backend.send_messages([message])
    except ProviderAuthFailed as refusal:
        if not refusal.lost and _is_about_the_sender(refusal.answer):
            raise MailSenderRefused(_SENDER.format(sender=sender)) from None
        raise
    except AnymailUnsupportedFeature:
        sentence = "Resend does not send an attachment whose name belongs to another type."
        raise MailRefused(sentence) from None
    except AnymailRequestsAPIError:  # an answer without an ID
        raise ProviderUnreachable(RESEND) from None
    except AnymailError:  # nothing that can be sent
        raise MailRefused(_NOT_TAKEN) from None
    return str(sending.anymail_status.message_id)


def has_none_like(
    *, credentials: Credentials, subject: str, to: Collection[str], since: datetime
) -> bool:
    """Whether Resend certainly has no mail with this subject to these recipients since then."""
    wanted = _words(subject), {*map(addresses.key, to)}
    after: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        try:
            page = _get(credentials, "/emails", limit="100", **after).json()
            for mail in page["data"]:
                if datetime.fromisoformat(mail["created_at"]) < since:
                    return True
                if (_words(mail["subject"]), {*map(addresses.key, mail["to"])}) == wanted:
                    return False
            if not page["has_more"]:
                return True
            after = {"after": page["data"][-1]["id"]}
        except (Problem, AttributeError, KeyError, IndexError, TypeError, ValueError):
            return False
    return False


def _words(subject: str) -> list[str]:
    return subject.split()


def _get(credentials: Credentials, path: str, **query: str) -> Answer:
    headers = {"Authorization": f"Bearer {credentials.fields['api_key']}"}
    return upstream.door(RESEND.label).send("GET", path, headers=headers, params=query)


def _refusal(answer: Answer, sender: str) -> Problem:
    """The problem of an answer that is no 2xx, and that the door returns."""
    if answer.status == 409:
        # The same key is under way, or was used for what AVA sends now in other words: it is not
        # known what became of that.
        return ProviderUnreachable(RESEND)
    name = _body(answer.body).get("name")
    if not (400 <= answer.status < 500 and isinstance(name, str)):
        return ProviderUnreachable(RESEND)  # a redirect, or something in front of Resend
    sentence = _REFUSALS.get(name, _NOT_TAKEN)
    kind = MailSenderRefused if sentence is _SENDER else MailRefused
    return kind(sentence.format(sender=sender))


def _is_about_the_sender(body: bytes) -> bool:
    """Whether a 403 is about the domain, which is not verified, and not about the key."""
    found = _body(body)
    return found.get("statusCode") == 403 and found.get("name") == "validation_error"


def _body(body: bytes) -> dict[str, Any]:
    try:
        found = parse_json(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
