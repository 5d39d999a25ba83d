"""Django's message of a mail: always the same for the same row, as an idempotency key wants it."""

from typing import Any
from urllib.parse import quote

from django.core.mail import EmailMessage, EmailMultiAlternatives

from integrations.email.addresses import bare
from integrations.email.models import Mail, Recipient


def message_of(mail: Mail) -> EmailMessage:
    """The message of a mail with its recipients, attachments and headers."""
    people: dict[str, list[str]] = {kind: [] for kind in Recipient.Kind.values}
    for kind, address in mail.recipients.values_list("kind", "address"):
        people[kind].append(address)
    headers = {"Message-ID": mail.message_id, "X-Entity-Ref-ID": str(mail.pk)}
    if not mail.transactional:
        answer = (mail.reply_to or [mail.from_email])[0]
        headers["List-Unsubscribe"] = (
            f"<mailto:{quote(bare(answer), safe='@')}?subject=unsubscribe>"
        )
    parts: dict[str, Any] = {
        "subject": mail.subject,
        "from_email": mail.from_email,
        "reply_to": mail.reply_to,
        "headers": headers,
        **people,
    }
    message = EmailMultiAlternatives(body=mail.text or mail.html, **parts)
    if not mail.text:
        message.content_subtype = "html"
    elif mail.html:
        message.attach_alternative(mail.html, "text/html")
    for one in mail.attachments.all():
        message.attach(one.filename, bytes(one.content or b""), one.content_type)
    return message
