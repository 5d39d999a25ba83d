"""Words of activity: kinds, and of each failure the cause and the remedy; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "request": "Request",
    "attempt": "Provider",
    "breaker": "Circuit breaker",
    "job": "Background work",
    "webhook": "Webhook",
    "call": "Call",
    "message": "Message",
    "mail": "E-mail",
    "event": "Calendar",
    "revision": "Setting",
}
ICONS: Final[Mapping[str, str]] = {
    "request": "terminal",
    "attempt": "arrow-up-right",
    "breaker": "zap",
    "job": "refresh-cw",
    "webhook": "webhook",
    "call": "phone",
    "message": "message-square",
    "mail": "mail",
    "event": "calendar",
    "revision": "sliders-horizontal",
}


@dataclass(frozen=True)
class Words:
    """Cause of a failure, and the remedy."""

    cause: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


_DOCUMENTED: Final = "Look up in the API's document, at /api/docs, what it takes."
_OF_REQUESTS: Final[Mapping[str, Words]] = {
    "400": Words("Something in the request was not right.", "Correct it and send it again."),
    "401": Words("The login or token was not taken.", "Log in again, or make a new token."),
    "403": Words(
        "This is not allowed with that login or token.",
        "Do as the answer says, or ask the operator for the right.",
    ),
    "404": Words(
        "There is no such thing, or it is somebody else's.",
        "Look for it in its list, and ask again.",
    ),
    "405": Words("That address does not take this method.", _DOCUMENTED),
    "406": Words("AVA does not answer in that format.", _DOCUMENTED),
    "409": Words("Something else was done at the same time.", "Look at what is there now."),
    "411": Words("The request did not say how long it is.", "Send it with a Content-Length."),
    "412": Words("It had been changed meanwhile.", "Load it again."),
    "413": Words("The request was too large.", "Send less at once."),
    "415": Words("The request was in a format that AVA does not read.", _DOCUMENTED),
    "422": Words("A value was not taken.", "Correct it and send it again."),
    "429": Words("Too much was asked at once.", "Wait a moment, then send it again."),
    "500": Words(
        "AVA has a fault of its own.",
        "Its log has the traceback under this ID: the operator reports it.",
    ),
    "502": Words("The provider failed.", "Try again in a moment."),
    "503": Words("AVA could not do it at that moment.", "Try again in a moment."),
    "504": Words("The provider did not answer in time.", "Try again in a moment."),
}
_OF_ANSWERS: Final[Mapping[str, Words]] = {
    "^Reconnect ": Words(
        "The provider has ended AVA's access to the calendar.", "Connect it again in Settings."
    ),
    " refuses AVA[.:]": Words(
        "The provider does not take AVA's own app: its ID or secret is wrong, or over its time.",
        "The operator renews the client secret.",
    ),
}
"""Words by AVA's answer, where its status and the provider's say less."""
_LATER: Final = "Try again later; if it lasts, look at the provider's status page."
_OF_ATTEMPTS: Final[Mapping[str, Words]] = {
    "400": Words(
        "The provider did not take what was asked.",
        "Correct what the answer names, and send it again.",
    ),
    "401": Words("The provider refused the key.", "Replace it in Settings."),
    "403": Words("The provider does not let this key do that.", "Check its rights there."),
    "404": Words(
        "The provider does not know it: it was deleted there, or belongs to another account.",
        "Look for it in the provider's dashboard.",
    ),
    "407": Words("A proxy on AVA's way out refused the request.", "The operator looks at it."),
    "408": Words("The provider did not answer in time.", _LATER),
    "409": Words("The provider was changing the same thing.", "Look at what is there now."),
    "422": Words(
        "The provider did not take what was asked.",
        "Correct what the answer names, and send it again.",
    ),
    "429": Words(
        "The provider takes no more for now: there were too many requests, or a quota is used up.",
        "Wait a moment; if it lasts, look at the plan there.",
    ),
    "deadline": Words("The provider did not answer in time.", _LATER),
    "cancelled": Words("The request was broken off before the provider answered.", _LATER),
    "provider_unavailable": Words(
        "The provider had failed several times in a row, so AVA did not ask it: its circuit "
        "breaker was open.",
        "AVA tries again by itself after a short while. If it lasts, look at the provider's "
        "status page.",
    ),
    "provider_busy": Words(
        "AVA had as many requests under way to this provider as it may have.",
        "Try again in a moment.",
    ),
    "provider_auth_failed": Words("The mail server refused the login.", "Replace it in Settings."),
    "mail_refused": Words(
        "The mail server did not take the e-mail.", "Check the recipients, and send it again."
    ),
    "mail_sender_refused": Words(
        "The mail server does not send from this address.", "Change the from_email in Settings."
    ),
    "smtp_host_refused": Words(
        "AVA does not connect to this mail server.", "Choose another host in Settings."
    ),
    "ConnectionRefusedError": Words(
        "Nothing listens at this host and port.",
        "Check them in Settings; if they are right, the mail server is down.",
    ),
    "gaierror": Words("No address is known for this host.", "Check its name in Settings."),
    "unreadable": Words("The answer was no JSON: a page of a proxy, or half an answer.", _LATER),
}
_PROVIDER_FAULT: Final = Words("The provider answered with a fault of its own.", _LATER)
_REFUSED_BY_MAIL_SERVERS: Final = ("provider_auth_failed", "mail_refused", "mail_sender_refused")
# What AVA could not get past on its way to the provider, as the status words it.
_ON_THE_WAY: Final = (
    ("certificate refused", Words("AVA does not trust the provider's certificate.")),
    ("the proxy of", Words("A proxy on AVA's way out failed.")),
)
_OPERATOR_LOOKS: Final = "The operator looks at the setting that the answer names."
_REPLIED: Final = "answered 4"  # by a mail server: 4xx is for now, 5xx for good (RFC 5321, 4.2.1)
_NOT_NOW: Final = Words(
    "The mail server could not do it for now.",
    "Try again later; if it lasts, ask whoever runs the mail server.",
)
_NO_CONNECTION: Final = Words("The connection to the provider failed or broke.", _LATER)

_OF_THINGS: Final[Mapping[tuple[str, str], Words]] = {
    ("call", "busy"): Words("The line was busy.", "Call again in a few minutes."),
    ("call", "no-answer"): Words(
        "The phone rang, and nobody answered.", "Call again later, or send a message."
    ),
    ("call", "failed"): Words(
        "The call could not be put through.", "Check that the number exists, then call again."
    ),
    ("mail", "bounced"): Words(
        "The recipient's mail server refused the mail.",
        "Check the address. If it bounced for good it is among the suppressions now: take it off "
        "there once it is right.",
    ),
    ("mail", "complained"): Words(
        "The recipient marked the mail as spam.",
        "Write to this address no more: it is among the suppressions now.",
    ),
    ("mail", "suppressed"): Words(
        "The provider sends nothing to this address: it bounced or complained before.",
        "Take it off the provider's list, if it is right.",
    ),
    ("webhook", "refused"): Words(
        "The signature of a webhook did not fit, so AVA took nothing from it.",
        "The operator sees by manage.py explain_webhook which address and secret were tried.",
    ),
    ("job", "failed"): Words("Background work failed.", "AVA tries it again by itself."),
    ("job", "lost"): Words("The process that did this ended.", "AVA does it again by itself."),
    ("revision", "lost"): Words(
        "The change did not reach the assistant: it still has the old value.",
        "Save it again.",
    ),
    ("revision", "unknown"): Words(
        "No answer came to the change.", "AVA finds out by itself what the assistant has now."
    ),
    ("revision", "superseded"): Words(
        "Something else was in the assistant when AVA looked.", "Look at the setting."
    ),
}
_OF_KINDS: Final[Mapping[str, Words]] = {
    "request": Words("AVA could not do what was asked.", "Do as the answer says."),
    "breaker": Words(
        "The provider failed several times in a row.", "AVA tries it again after a short while."
    ),
    "job": Words(
        "Background work failed as often as it may.",
        "The operator mends the cause, then runs the job again in the admin.",
    ),
    "webhook": Words(
        "AVA could not process a webhook of the provider's.",
        "It is stored: the operator runs it again (manage.py replay_deliveries).",
    ),
    "call": Words("The call could not be made.", "Its page says more."),
    "message": Words("The message did not arrive.", "Its page says more."),
    "mail": Words("The mail did not arrive.", "Its page says more."),
    "event": Words("The event was not created.", "Look into the calendar before trying again."),
    "revision": Words("The change did not reach the assistant.", "Look at the setting."),
}
_WAITING: Final = frozenset(
    (
        *("pending", "queued", "ringing", "in-progress", "scheduled", "sending", "half_open"),
        *("unknown", "accepted", "receiving", "waiting", "stored"),
    )
)

NOT_ASKED: Final = "was not asked"


def words_of(kind: str, status: str) -> Words:
    """Cause and remedy of a failure, as far as its kind and status tell."""
    if kind == "attempt":
        return _of_attempt(status)
    if kind == "request":
        return _OF_REQUESTS.get(status, _OF_KINDS["request"])
    return _OF_THINGS.get((kind, status)) or _OF_KINDS.get(kind, Words(""))


def words_of_answer(answer: str) -> Words | None:
    """Cause and remedy of a request that AVA answered so, where that says more than all else."""
    return next((words for said, words in _OF_ANSWERS.items() if re.search(said, answer)), None)


def is_known(kind: str, status: str) -> bool:
    """Whether there are words for this status of what came of a request."""
    return (kind, status) in _OF_THINGS


def _of_attempt(status: str) -> Words:
    if known := _OF_ATTEMPTS.get(status):
        return known
    for beginning, words in _ON_THE_WAY:
        if status.startswith(beginning):
            return Words(words.cause, _OPERATOR_LOOKS)
    if status.startswith("deadline"):
        return _OF_ATTEMPTS["deadline"]
    if status.startswith(_REPLIED):
        return _NOT_NOW
    if status.isdigit():
        return _PROVIDER_FAULT if int(status) >= 500 else _OF_ATTEMPTS["400"]
    return _NO_CONNECTION


def answer_of(status: str) -> str:
    """Answer of a provider in words, from the status of an attempt."""
    if status.isdigit():
        return f"answered {status}"
    if status.startswith("deadline"):
        return "did not answer in time"
    if status == "cancelled":
        return "was not waited for"
    if status.startswith("answered"):
        return status
    if status in _REFUSED_BY_MAIL_SERVERS:
        return "refused"
    if status == "unreadable":
        return "gave an answer that AVA cannot read"
    if status in ("provider_unavailable", "provider_busy"):
        return NOT_ASKED
    return f"gave no answer ({status})"


def status_of(kind: str, status: str) -> str:
    """A status in a word or two."""
    if kind != "attempt" or status.isdigit():
        return status.replace("_", " ")
    said = answer_of(status)
    if said == "refused" or said.startswith("answered"):
        return said
    return "not asked" if said == NOT_ASKED else "no answer"


def is_waiting(status: str) -> bool:
    return status in _WAITING
