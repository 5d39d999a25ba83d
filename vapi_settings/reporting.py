"""Where Vapi shall report to, as AVA writes it into calls and numbers."""

from typing import Any, Final

from django.contrib.auth.models import User

from integrations.credentials import webhook_accounts
from vapi_settings import schemes
from vapi_settings.errors import VAPI

# Vapi's own default is to try once.
RETRIES: Final = {"type": "exponential", "maxRetries": 5, "baseDelaySeconds": 1}


def server(user: User) -> dict[str, Any]:
    """`{"server": ...}` for the user's webhooks, to be spread into a body.

    Empty where AVA has no public address, or the user no secret that Vapi could send in a header.
    """
    account = webhook_accounts.account_of(user=user, provider=VAPI.label)
    if account is None or account.url is None:
        return {}
    proof = schemes.proof(account.fields)
    if proof is None:
        return {}
    return {"server": {"url": account.url, "headers": proof, "backoffPlan": RETRIES}}
