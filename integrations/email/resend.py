"""Resend client: for now, verification of a key.

https://resend.com/docs/api-reference/domains/list-domains,
https://resend.com/docs/api-reference/errors
"""

from ava import upstream
from ava.upstream import Service
from ava.upstream.answer import parse_json
from ava.upstream.errors import ProviderAuthFailed, ProviderUnreachable
from integrations.credentials.store import Credentials

RESEND = Service("resend", "Resend")

# Name in the body of a 401 that distinguishes a key that may only send from a wrong one.
_SENDING_ONLY = "restricted_api_key"


def verify(credentials: Credentials) -> str:
    """Ask Resend whether it takes the key.

    Returns:
        a sentence for people.

    Raises:
        ProviderProblem: Resend refused, or did not answer.
    """
    key = credentials.fields["api_key"]
    try:
        answer = upstream.door(RESEND.label).send(
            "GET", "/domains", headers={"Authorization": f"Bearer {key}"}
        )
    except ProviderAuthFailed as refusal:
        if _name(refusal.said) != _SENDING_ONLY:
            raise
        return "Resend accepted the key. It may only send e-mails, which is all that AVA needs."
    if answer.status != 200 or not isinstance(answer.json(), dict):
        raise ProviderUnreachable(RESEND)
    return "Resend accepted the key."


def _name(body: bytes) -> str:
    try:
        content = parse_json(body)
    except ValueError:
        return ""
    return str(content.get("name", "")) if isinstance(content, dict) else ""
