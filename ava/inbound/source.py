"""Source of webhooks: the interface between the door and a provider's verification."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from django.contrib.auth.models import User
from django.http import HttpResponse

from ava.http.problems import Problem

if TYPE_CHECKING:
    from ava.inbound.models import Delivery

Pairs = tuple[tuple[str, str], ...]
FITS = "fits"


@dataclass(frozen=True)
class WebhookRequest:
    urls: tuple[str, ...]  # that the provider may have signed: public, with and without the port
    path: str
    headers: Mapping[str, str]  # names in any case
    raw: bytes = field(repr=False)
    query: Pairs = ()  # of the address, decoded, in order
    form: Pairs = field(default=(), repr=False)  # in order; empty where the body is no form


@dataclass(frozen=True)
class Verified:
    """Content of a webhook that is the provider's own."""

    delivery_id: str  # the same for each repetition, within provider and kind
    event: str  # for people and filters
    payload: dict[str, Any] = field(repr=False)  # what to keep: JSON, secrets taken out
    correlation_id: str | None = None  # of the request that caused it
    keep: bool = True  # False: it is only acknowledged, as others say the same and more
    can_be_asked: bool = False


Proof = tuple[User | None, Callable[[], Verified]]
"""The account's owner (None: the operator), and what reads the content. That raises
MalformedRequest, and runs after the account's limit, so bodies of a flood are not parsed."""


class InvalidSignature(Problem):
    """The signature is missing, wrong or too old.

    Args:
        reason: one sentence for the operator.
        seen: what was compared: which account, which of its tokens. Never a token or a secret.
            Under `FITS`, what the signature would have been right for.
        look_closer: finds out more, at some cost: done only for refusals that are kept.
        owner: whose account the address names; None where it names none.
    """

    status = HTTPStatus.FORBIDDEN
    code = "webhook_forged"
    detail = "The signature of this webhook is not right."

    def __init__(
        self,
        reason: str,
        seen: Mapping[str, Any] | None = None,
        look_closer: "Callable[[], InvalidSignature] | None" = None,
        *,
        owner: User | None = None,
    ) -> None:
        super().__init__()
        self.reason = reason
        self.seen = dict(seen or {})
        self.look_closer = look_closer
        self.owner = owner


class Source(Protocol):
    """One webhook address of one provider. `provider` and `kind` label rows and metrics."""

    provider: str
    kind: str

    def verify(self, received: WebhookRequest) -> Proof:
        """Owner and content of a webhook. Raises: InvalidSignature, MalformedRequest."""

    def reply(self, delivery: "Delivery") -> HttpResponse | None:
        """The provider's answer, for a repeated delivery as well; None: 204."""
