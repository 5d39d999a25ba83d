"""Resend client: for now, verification of a key (https://resend.com/docs/api-reference/errors)."""

from ava import upstream
from ava.upstream import Service
from ava.upstream.errors import ProviderAuthFailed, ProviderUnreachable
from integrations.credentials.store import Credentials

RESEND = Service("resend", "Resend")

# In the body of a 401 it distinguishes a key that may only send from a wrong one.
_SENDING_ONLY = b'"restricted_api_key"'


def verify(credentials: Credentials) -> str:
    """Ask Resend whether it takes the key; the answer as a sentence. Raises: ProviderProblem."""
    key = credentials.fields["api_key"]
    try:
        answer = upstream.door(RESEND.label).send(
            "GET", "/domains", headers={"Authorization": f"Bearer {key}"}
        )
    except ProviderAuthFailed as refusal:
        if _SENDING_ONLY not in refusal.answer:
            raise
        return "Resend accepted the key. It may only send e-mails, which is all that AVA needs."
    if answer.status != 200 or not isinstance(answer.json(), dict):
        raise ProviderUnreachable(RESEND)
    return "Resend accepted the key."
