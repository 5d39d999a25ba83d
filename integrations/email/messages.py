"""Django's message of a mail: always the same for the same row, as an idempotency key wants it."""

from email.encoders import encode_base64
from email.mime.base import MIMEBase
from typing import Any
from urllib.parse import quote

from django.core.mail import EmailMessage, EmailMultiAlternatives

from integrations.email.addresses import bare, deliverable
from integrations.email.models import Mail, MailAttachment, Recipient


def message_of(mail: Mail) -> EmailMessage:
    """The message of a mail with its recipients, attachments and headers."""
    people: dict[str, list[str]] = {kind: [] for kind in Recipient.Kind.values}
    for kind, address in mail.recipients.values_list("kind", "address"):
        people[kind].append(deliverable(address))
    headers = {"Message-ID": mail.message_id, "X-Entity-Ref-ID": str(mail.pk)}
    if not mail.transactional:
        answer = (mail.reply_to or [mail.from_email])[0]
        headers["List-Unsubscribe"] = (
            f"<mailto:{quote(bare(answer), safe='@')}?subject=unsubscribe>"
        )
    parts: dict[str, Any] = {
        "subject": mail.subject,
        "from_email": deliverable(mail.from_email),
        "reply_to": [*map(deliverable, mail.reply_to)],
        "headers": headers,
        **people,
    }
    message = EmailMultiAlternatives(body=mail.text or mail.html, **parts)
    if not mail.text:
        message.content_subtype = "html"
    elif mail.html:
        message.attach_alternative(mail.html, "text/html")
    for one in mail.attachments.all():
        _attach(message, one)
    return message


def _attach(message: EmailMessage, one: MailAttachment) -> None:
    """Attach a file with its bytes as they are: Django would decode a text, and change its line
    ends, or its type where it is not UTF-8."""
    content = bytes(one.content or b"")
    main, _, sub = one.content_type.partition("/")
    if main == "message":  # the one type that may not be base64 (RFC 2046, section 5.2.1)
        message.attach(one.filename, content, one.content_type)
        return
    part = MIMEBase(main, sub)
    if main == "text":
        part.set_param("charset", _charset(content))
    part.set_payload(content)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=one.filename)
    message.attach(part)


def _charset(text: bytes) -> str:
    try:
        text.decode()
    except UnicodeDecodeError:
        return "iso-8859-1"
    return "utf-8"
