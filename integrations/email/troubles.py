"""Troubles of a mail, in words: what happened, what it means, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ava.console.states import Tone
from ava.intents.states import FAILED
from integrations.email.models import Mail

_LISTED: Final = "It is on your list of suppressions now, so that nothing more goes there."
_ASKING: Final = (
    "No answer came. AVA asks again under the same key, so that the mail arrives once: do not send "
    "it a second time."
)
_ASK: Final = "Ask the recipient whether it arrived before you send it again."


@dataclass(frozen=True)
class Trouble:
    title: str
    text: str
    tone: Tone = "bad"
    action: str = ""
    room: str = ""  # URL name of where that is done


def trouble(mail: Mail, recipients: Sequence[Any]) -> Trouble | None:
    """The banner of a mail's page; none where all is well."""
    if mail.backend == Mail.Backend.STUB:
        text = "AVA keeps what you wrote, but there is no account to send it with."
        return Trouble("Nothing was sent", text, "waiting", "Connect Resend or SMTP", "settings")
    count = sum(one.status == mail.status for one in recipients)
    of = "" if len(recipients) == 1 else f" to {count} of {len(recipients)} recipients"
    match mail.status:
        case "pending" if mail.error:
            return Trouble("AVA goes on trying", mail.error, "waiting")
        case "unknown" if mail.error:
            return Trouble("Nobody knows whether it went out", f"{mail.error} {_ASK}", "waiting")
        case "unknown":
            return Trouble("AVA is finding out whether it went out", _ASKING, "waiting")
        case "failed":
            return Trouble(f"This mail was not sent{of}", mail.error or _of_one(recipients))
        case "bounced":
            return Trouble(f"This mail bounced{of}", "The mail server there did not take it.")
        case "complained":
            text = "Write there no more: such reports make mail providers refuse your other mails."
            return Trouble(f"This mail{of} was reported as spam", text)
        case "suppressed":
            text = (
                "An earlier mail there bounced or was reported as spam. If the address is right, "
                "take it off the list at Resend, and off your own, then send again."
            )
            return Trouble(f"Resend did not send this mail{of}", text)
    return None


def _of_one(recipients: Sequence[Any]) -> str:
    said = next((one.detail for one in recipients if one.status == FAILED and one.detail), "")
    return said or "The provider gave no reason. Check the address, then send it again."


def remedy(status: str, *, is_listed: bool) -> str:
    """Remedy for one recipient's copy; empty: none is needed."""
    match status:
        case "bounced" if is_listed:
            return f"{_LISTED} Look for a typing mistake in the address."
        case "bounced":
            return "That may pass, a full mailbox for instance: send it again later."
        case "complained" | "suppressed" if is_listed:
            return _LISTED
    return ""
