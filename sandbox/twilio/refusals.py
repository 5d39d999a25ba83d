"""Refusals of Twilio and their codes (https://www.twilio.com/docs/api/errors).

Magic numbers: https://www.twilio.com/docs/iam/test-credentials
"""

import re

from sandbox.phones.http_client import is_url
from sandbox.phones.phone import E164
from sandbox.twilio.errors import RefusedError
from sandbox.twilio.forms import Form
from sandbox.twilio.senders import NAME, SERVICE_SID, SHORT_CODE

LONGEST_BODY = 1600
LONGEST_TWIML = 4000

_MAGIC = "+1500555000"

_NOT_VALID = "The phone number you are attempting to call, {to}, is not valid."
_CALL_TO = {
    "1": (21211, _NOT_VALID),
    "2": (21214, "The phone number {to} could not be reached."),
    "3": (21215, "Account not authorized to call {to}. Check your geographic permissions."),
    "4": (21216, "Account not allowed to call {to}."),
}
_TEXT_TO = {
    "1": (21211, "The 'To' number {to} is not a valid phone number."),
    "2": (21612, "The 'To' phone number: {to}, is not currently reachable using SMS."),
    "3": (21408, "Permission to send an SMS has not been enabled for the region of {to}."),
    "4": (21610, "Attempt to send to unsubscribed recipient"),
    "7": (21612, "The 'To' phone number: {to}, is not currently reachable using SMS."),
    "9": (21614, "'To' number: {to}, is not a mobile number"),
}


def check_call(form: Form, ours: set[str]) -> None:
    """Refuse a call that Twilio would not queue. `ours`: the account's numbers that can call.

    Raises: RefusedError.
    """
    to, from_ = form.get("To"), form.get("From")
    _require(to, 21201, "No 'To' number is specified")
    _require(from_, 21213, "No 'From' number is specified")
    _magic(_CALL_TO, to)
    _require(E164.fullmatch(to), 21211, _NOT_VALID.format(to=to))
    valid = E164.fullmatch(from_) and from_ != f"{_MAGIC}1"
    _require(valid, 21212, f"The caller ID number {from_} is not a valid phone number.")
    _require(
        from_ in ours,
        21210,
        f"The source phone number provided, {from_}, is not yet verified for your account. "
        "You may only make calls from phone numbers that you've verified or purchased from Twilio.",
    )
    application = form.get("ApplicationSid")
    _require(not application, 21218, f"Invalid ApplicationSid: {application}")
    check_instructions(form)
    _require(form.get("Url") or form.get("Twiml"), 21205, "Url parameter is required.")
    check_callback(form)
    timeout = form.get("Timeout") or "60"
    _require(
        re.fullmatch(r"[1-9][0-9]{0,3}", timeout),
        21208,
        f"Invalid timeout: {timeout}",
    )


def check_instructions(form: Form) -> None:
    """Refuse a Url that is none and Twiml that is too long. Raises: RefusedError."""
    for name in ("Url", "FallbackUrl"):
        url = form.get(name)
        _require(not url or is_url(url), 21205, f"{name} is not a valid URL: {url}")
    _require(
        len(form.get("Twiml")) <= LONGEST_TWIML,
        20001,
        f"Twiml must be at most {LONGEST_TWIML} characters",
    )


def check_callback(form: Form) -> None:
    """Refuse a StatusCallback that is no URL. Raises: RefusedError."""
    url = form.get("StatusCallback")
    _require(not url or is_url(url), 21609, f"The StatusCallback URL {url} is not a valid URL.")


def check_message(form: Form, ours: set[str], numbers: set[str], opted_out: bool) -> None:
    """Refuse a message that Twilio would not queue.

    Args:
        ours: the account's numbers that can text; `numbers`: all of them.
        opted_out: whether the recipient has said STOP to the sender.
    Raises: RefusedError.
    """
    to, from_ = form.get("To"), form.get("From")
    _require(to, 21604, "A 'To' phone number is required.")
    service = form.get("MessagingServiceSid")
    _require(from_ or service, 21603, "A 'From' phone number is required.")
    exists = not service or service == SERVICE_SID
    _require(exists, 21701, f"The Messaging Service {service} does not exist")
    _magic(_TEXT_TO, to)
    _require(E164.fullmatch(to), 21211, f"Invalid 'To' Phone Number: {to}")
    if from_:
        _check_sender(from_, to, ours, numbers)
    _require(form.get("Body") or form.get("MediaUrl"), 21602, "Message body is required.")
    _require(
        len(form.get("Body")) <= LONGEST_BODY,
        21617,
        f"The concatenated message body exceeds the {LONGEST_BODY} character limit",
    )
    check_callback(form)
    _require(not opted_out, 21610, "Attempt to send to unsubscribed recipient")


def _check_sender(from_: str, to: str, ours: set[str], numbers: set[str]) -> None:
    if NAME.fullmatch(from_):
        # North America takes no names.
        if to.startswith("+1"):
            raise incapable(to, from_)
        return
    valid = E164.fullmatch(from_) and from_ != f"{_MAGIC}1"
    _require(valid or from_.isdigit(), 21212, f"The 'From' number {from_} is not valid.")
    _require(from_ != f"{_MAGIC}8", 21611, f"This 'From' number {from_} has exceeded its queue.")
    if from_ not in ours | {SHORT_CODE}:
        why = "SMS-capable" if from_ in numbers else "owned by your account"
        message = f"The 'From' phone number {from_} is not a valid, {why} Twilio number."
        raise RefusedError(400, 21606, message)


def incapable(to: str, from_: str) -> RefusedError:
    """The refusal for a number that no message can reach."""
    message = (
        f"The 'To' phone number: {to}, is not currently reachable using the "
        f"'From' phone number: {from_} via SMS."
    )
    return RefusedError(400, 21612, message)


def _magic(table: dict[str, tuple[int, str]], to: str) -> None:
    code, message = table.get(to.removeprefix(_MAGIC) if to.startswith(_MAGIC) else "", (0, ""))
    _require(not code, code, message.format(to=to))


def _require(good: object, code: int, message: str) -> None:
    if not good:
        raise RefusedError(400, code, message)
