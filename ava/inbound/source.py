"""Source of webhooks: the interface between the door and a provider's verification."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from django.contrib.auth.models import User
from django.http import HttpResponse

if TYPE_CHECKING:
    from ava.inbound.models import Delivery

Pairs = tuple[tuple[str, str], ...]
FITS = "fits"


@dataclass(frozen=True)
class WebhookRequest:
    """A webhook as it came, nothing of it believed yet.

    Args:
        urls: under which the provider may have signed it: public address, path and query, with
            and without the port.
        headers: names in any case.
        raw: the body.
        query: of the address, decoded, in order.
        form: the body's fields in order; empty when it is no form.
    """

    urls: tuple[str, ...]
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)
    query: Pairs = ()
    form: Pairs = field(default=(), repr=False)


@dataclass(frozen=True)
class Verified:
    """A webhook that really is the provider's.

    Args:
        owner: whose account it is about; None for the operator's.
        delivery_id: the same for each repetition of one delivery, within provider and kind.
        event: its type, for people and filters.
        payload: what to keep: JSON, secrets taken out.
        correlation_id: of the request that caused it, when it tells.
        keep: False for what is only acknowledged, because others say the same and more.
        can_be_asked: AVA can ask the provider for the same. It leaves the last quarter of an
            account's day to what cannot: who calls, who writes, and STOP.
    """

    owner: User | None
    delivery_id: str
    event: str
    payload: dict[str, Any] = field(repr=False)
    correlation_id: str | None = None
    keep: bool = True
    can_be_asked: bool = False


@dataclass(frozen=True)
class Proven:
    """A webhook whose account is known, its body not parsed yet.

    A source whose proof needs no parsing returns this, so that an account that sends too much is
    refused before its bodies cost anything.

    Args:
        owner: as in `Verified`.
        read: the rest. Raises: Malformed.
    """

    owner: User | None
    read: Callable[[], Verified]


class InvalidSignature(Exception):
    """The signature is missing, wrong or too old.

    Args:
        reason: one sentence for the operator.
        owner: whose account the address names; None where it names none.
        seen: what was compared: which account, which of its tokens. Never a token or a secret.
            Under `FITS`, what the signature would have been right for.
        look_closer: tells more, at some cost. It is asked for refusals that are kept, so that
            strangers cannot have it done at will.
    """

    def __init__(
        self,
        reason: str,
        seen: Mapping[str, Any] | None = None,
        look_closer: "Callable[[], InvalidSignature] | None" = None,
        *,
        owner: User | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seen = dict(seen or {})
        self.look_closer = look_closer
        self.owner = owner


class Malformed(Exception):
    """Rightly signed, or not signed over the body, but not readable. `str()`: a sentence."""


class Source(Protocol):
    """One webhook address of one provider. `provider` and `kind` label rows and metrics."""

    provider: str
    kind: str

    def verify(self, received: WebhookRequest) -> Verified | Proven:
        """Who sent it and what it is. Raises: InvalidSignature, Malformed."""

    def reply(self, delivery: "Delivery") -> HttpResponse | None:
        """What the provider wants to hear, for a repeated delivery as well; None: 204."""
