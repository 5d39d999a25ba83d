"""Resending of a mail, as a new one, to the recipients whom it did not reach."""

import uuid
from collections.abc import Container
from typing import Final

from django.contrib.auth.models import User

from ava.http.problems import Conflict
from ava.intents.states import FAILED, UNSENT
from integrations.email import services
from integrations.email.addresses import key
from integrations.email.models import Mail, Recipient
from integrations.email.states import BOUNCED, SUPPRESSED

_UNREACHED: Final = (FAILED, BOUNCED, SUPPRESSED)
_TO: Final = Recipient.Kind.TO.value


class NothingToSendAgain(Conflict):
    code = "mail_not_repeatable"
    detail = (
        "There is nobody to send this e-mail to again: it arrived, or may have, or its recipients "
        "are on your list of suppressions, or its attachments are no longer kept."
    )


def groups(mail: Mail, *, has_attachments: bool, listed: Container[str]) -> dict[str, list[str]]:
    """Addresses by kind that may get it again; empty where there are none.

    Args:
        mail: with its `shown_recipients`.
        has_attachments: AVA keeps none once a mail is with its provider.
        listed: keys of suppressed addresses.
    """
    if has_attachments or mail.status in UNSENT:
        return {}
    found: dict[str, list[str]] = {}
    for one in mail.shown_recipients:
        if one.status in _UNREACHED and key(one.address) not in listed:
            found.setdefault(one.kind, []).append(one.address)
    if found and _TO not in found:
        # A mail needs a recipient in To. People in copy must not see one another there.
        [*addresses] = (address for each in found.values() for address in each)
        return {_TO: addresses} if len(addresses) == 1 else {}
    return found


def send_again(
    *, user: User, mail: Mail, to: dict[str, list[str]], idempotency: uuid.UUID | None
) -> Mail:
    """Send what a mail said once more. Raises: NothingToSendAgain, and what `send_mail` raises."""
    if not to:
        raise NothingToSendAgain
    return services.send_mail(
        user=user,
        to=to[_TO],
        cc=to.get(Recipient.Kind.CC.value, ()),
        bcc=to.get(Recipient.Kind.BCC.value, ()),
        reply_to=mail.reply_to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        template=mail.template,
        transactional=mail.transactional,
        idempotency=idempotency,
    )
