"""Checks of `POST /emails`: a mail from its body, or Resend's refusal.

https://resend.com/docs/api-reference/emails/send-email
"""

import base64
import binascii
import re
from typing import Any

from sandbox.mail.mailbox import Mail, bare
from sandbox.resend.errors import RefusedError

# Verified in the account; resend.dev is Resend's own, for first steps.
DOMAINS = ("example.com", "resend.dev")
MOST_RECIPIENTS = 50

_BARE = r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+"
_ADDRESS = re.compile(rf"{_BARE}|[^<>\r\n]*<{_BARE}>")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_UNPLAYED = ("template", "scheduled_at", "topic_id")


def mail_from(body: Any) -> Mail:
    """The mail that a body describes. Raises: RefusedError."""
    if not isinstance(body, dict):
        raise _invalid("The request body must be a JSON object.")
    for name in ("from", "to", "subject"):
        if not body.get(name):
            raise RefusedError(422, "missing_required_field", f"Missing `{name}` field.")
    for name in _UNPLAYED:
        if name in body:
            raise _invalid(f"The sandbox does not play `{name}`.")
    for name in ("from", "subject", "text", "html"):
        if not isinstance(body.get(name, ""), str):
            raise _invalid(f"The `{name}` field must be a `string`.")
    if not (body.get("text") or body.get("html")):
        raise _invalid("Missing `html` or `text` field.")
    if "\n" in body["subject"] or "\r" in body["subject"]:
        raise _invalid("The `\\n` is not allowed in the `subject` field.")
    (sender,) = _addresses(body, "from")
    domain = bare(sender).rpartition("@")[2]
    if domain not in DOMAINS:
        message = f"The {domain} domain is not verified. Please, add and verify your domain on "
        raise RefusedError(403, "validation_error", f"{message}https://resend.com/domains")
    return Mail(
        via="resend",
        from_=sender,
        to=_addresses(body, "to"),
        cc=_addresses(body, "cc"),
        bcc=_addresses(body, "bcc"),
        reply_to=_addresses(body, "reply_to"),
        subject=body["subject"],
        text=body.get("text"),
        html=body.get("html"),
        headers=_headers(body.get("headers", {})),
        attachments=[_attachment(one) for one in _list(body, "attachments")],
        tags=_tags(body.get("tags", [])),
    )


def _invalid(message: str) -> RefusedError:
    return RefusedError(422, "validation_error", message)


def _list(body: dict[str, Any], name: str) -> list[Any]:
    given = body.get(name) or []
    if not isinstance(given, list):
        raise _invalid(f"The `{name}` field must be an `array`.")
    return given


def _addresses(body: dict[str, Any], name: str) -> list[str]:
    given = body.get(name) or []
    given = [given] if isinstance(given, str) else given
    good = isinstance(given, list) and all(
        isinstance(one, str) and _ADDRESS.fullmatch(one.strip()) for one in given
    )
    if not good:
        raise _invalid(
            f"Invalid `{name}` field. The email address needs to follow the `email@example.com` "
            "or `Name <email@example.com>` format."
        )
    if len(given) > MOST_RECIPIENTS:
        raise _invalid(f"The `{name}` field must have at most {MOST_RECIPIENTS} items.")
    return [one.strip() for one in given]


def _headers(given: Any) -> dict[str, str]:
    good = isinstance(given, dict) and all(isinstance(value, str) for value in given.values())
    if not good:
        raise _invalid("The `headers` field must be an object of strings.")
    if any(re.search(r"[\r\n]", name + value) for name, value in given.items()):
        raise _invalid("The `\\n` is not allowed in the `headers` field.")
    return dict(given)


def _attachment(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not (given.get("content") or given.get("path")):
        raise RefusedError(
            422, "invalid_attachment", "Attachment must have either a `content` or `path`."
        )
    try:
        content = base64.b64decode(given.get("content") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise _invalid("The `content` of an attachment must be Base64.") from None
    known = ("filename", "content_type", "content_id", "path", "content")
    return {name: given[name] for name in known if given.get(name)} | {"size": len(content)}


def _tags(given: Any) -> dict[str, str]:
    good = isinstance(given, list) and all(
        isinstance(tag, dict)
        and all(
            isinstance(tag.get(part), str) and _TAG.fullmatch(tag[part])
            for part in ("name", "value")
        )
        for tag in given
    )
    if not good:
        raise _invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.")
    return {tag["name"]: tag["value"] for tag in given}
