"""Mail from what SMTP carried: an envelope and a MIME message."""

import base64
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sandbox.mail.mailbox import Mail, bare


def mail_from(content: bytes, sender: str, recipients: Sequence[str]) -> Mail:
    """The mail; those of the envelope's recipients whom no header names got a blind copy."""
    message = message_from_bytes(content, policy=policy.default)
    to, cc = _addresses(message, "To"), _addresses(message, "Cc")
    named = {bare(address) for address in [*to, *cc]}
    contents: dict[str, str] = {}
    attachments = []
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if kind in ("text/plain", "text/html") and kind not in contents and not _is_file(part):
            contents[kind] = _text(part)
        else:
            attachments.append(_attachment(part))
    return Mail(
        via="smtp",
        from_=next(iter(_addresses(message, "From")), sender),
        to=to,
        cc=cc,
        bcc=[one for one in recipients if bare(one) not in named],
        reply_to=_addresses(message, "Reply-To"),
        subject=str(message.get("Subject", "")),
        text=contents.get("text/plain"),
        html=contents.get("text/html"),
        headers={name: str(value) for name, value in message.items()},
        attachments=attachments,
    )


def _addresses(message: EmailMessage, header: str) -> list[str]:
    return [str(one) for value in message.get_all(header, []) for one in value.addresses]


def _is_file(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _text(part: EmailMessage) -> str:
    # SMTP ends every line, the last one included.
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")


def _attachment(part: EmailMessage) -> dict[str, Any]:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    found = {
        "filename": part.get_filename(),
        "content_type": part.get_content_type(),
        "content_id": str(part.get("Content-ID", "")).strip("<>"),
        "content": base64.b64encode(content).decode(),
    }
    return {name: value for name, value in found.items() if value} | {"size": len(content)}
