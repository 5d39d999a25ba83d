"""Two tenants of one AVA: Ada is attacked; Eve knows every ID of hers, and no secret."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import requests

from integrations.credentials.validation import mask
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.twilio import signatures

PRIVATE = "planted-ada"
"""In every text of Ada's that is not an ID: where Eve reads it, a wall has a hole."""
SHOWN = (PRIVATE, AUTH_TOKEN, mask(AUTH_TOKEN), "vapi-demo-key", mask("vapi-demo-key"))

HOOKS = "/api/v1/webhooks"
FORM = "application/x-www-form-urlencoded"


class Caller(Protocol):
    """The REST API, as one tenant: `caller("GET", "/twilio/calls")`."""

    def __call__(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any: ...


Post = Callable[[str, bytes, dict[str, str]], Any]
"""A webhook that a provider, or somebody else, sends: address, body, headers."""


@dataclass(frozen=True)
class Keys:
    """A tenant's keys at the providers, and secrets that their webhooks are proven with."""

    account_sid: str
    auth_token: str = field(repr=False)
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """As they are stored, by provider."""
        return {
            "twilio": {"account_sid": self.account_sid, "auth_token": self.auth_token},
            "vapi": {"api_key": self.api_key, "webhook_secret": self.webhook_secret},
        }


ADAS = Keys(ACCOUNT_SID, AUTH_TOKEN, "vapi-demo-key", f"{PRIVATE}-webhook-secret-0123456789abcdef")
# The sandbox does not know these keys: to Ada's provider Eve is nobody.
EVES = Keys(
    "AC" + "e" * 32,
    "0e5e0e5e0e5e0e5e0e5e0e5e0e5e0e5e",
    "eve-own-vapi-key-0123456789abcdef",
    "eve-own-webhook-secret-0123456789abcdef",
)


@dataclass(frozen=True)
class Tenant:
    """Somebody who uses AVA.

    Args:
        call: REST as this tenant.
        post: how webhooks reach AVA.
        base: AVA's address, as signatures cover it.
        accounts: what the addresses of their webhooks name, by provider.
    """

    keys: Keys
    call: Caller
    post: Post
    base: str
    accounts: Mapping[str, str]

    def store_keys(self) -> None:
        for provider, values in self.keys.credentials.items():
            answer = self.call("PUT", f"/integrations/{provider}/credentials", values)
            assert answer.status_code == 200, answer.content

    def twilio(
        self,
        kind: str,
        fields: Mapping[str, str],
        *,
        query: str = "",
        account: str | None = None,
        account_sid: str | None = None,
    ) -> Any:
        """Deliver a webhook signed with this tenant's auth token.

        Args:
            query: more of the address, such as a mark.
            account: that the address names; None: their own; "": none.
            account_sid: that the body names; None: their own.
        """
        named = self.accounts["twilio"] if account is None else account
        parts = [f"account={named}" if named else "", query]
        tail = "&".join(part for part in parts if part)
        address = f"{HOOKS}/twilio/{kind}{'?' if tail else ''}{tail}"
        form = {"AccountSid": account_sid or self.keys.account_sid, **fields}
        signed = signatures.sign(self.keys.auth_token, self.base + address, [*form.items()])
        return self.post(
            address, urlencode(form).encode(), {"Content-Type": FORM, signatures.HEADER: signed}
        )

    def vapi(self, message: Mapping[str, Any], *, account: str | None = None) -> Any:
        """Deliver a message with this tenant's webhook secret. `account`: as for `twilio`."""
        named = self.accounts["vapi"] if account is None else account
        address = f"{HOOKS}/vapi{f'?account={named}' if named else ''}"
        headers = {"Content-Type": "application/json", "X-Vapi-Secret": self.keys.webhook_secret}
        return self.post(address, json.dumps({"message": message}).encode(), headers)


@dataclass(frozen=True)
class Stage:
    """The providers' sandbox, over its control plane: what it is to play, what really happened."""

    url: str

    def order(self, what: str, **body: Any) -> None:
        answer = requests.post(f"{self.url}/_sandbox/{what}", json=body, timeout=10)
        assert answer.ok, answer.text

    def forgive(self) -> None:
        """Let no provider fail any more."""
        requests.delete(f"{self.url}/_sandbox/faults", timeout=10)

    def reached(self, kind: str) -> list[str]:
        """The numbers that rang (calls) or were written to (messages), each as often as it was."""
        effects = requests.get(f"{self.url}/_sandbox/effects", timeout=10).json()
        return sorted(one["to"] for one in effects[kind])

    def ended(self) -> dict[str, str | None]:
        """Who ended the call to which number; None: it goes on."""
        effects = requests.get(f"{self.url}/_sandbox/effects", timeout=10).json()
        return {one["to"]: one["ended"] for one in effects["calls"]}

    def asked(self, provider: str) -> list[str]:
        """What the provider was asked: methods and paths."""
        url = f"{self.url}/_sandbox/requests?provider={provider}"
        found = requests.get(url, timeout=10).json()["requests"]
        return [f"{one['method']} {one['path']}" for one in found]

    def at_twilio(self, kind: str, to: str) -> str:
        """Twilio's SID of what went to this number."""
        url = f"{self.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/{kind.title()}.json?To={to}"
        found = requests.get(url.replace("+", "%2B"), auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=10)
        return str(found.json()[kind][0]["sid"])

    def at_vapi(self, to: str) -> str:
        """Vapi's ID of the call to this number."""
        headers = {"Authorization": f"Bearer {ADAS.api_key}"}
        calls = requests.get(f"{self.url}/vapi/call", headers=headers, timeout=10).json()
        return str(next(one["id"] for one in calls if one["customer"].get("number") == to))
