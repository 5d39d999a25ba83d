"""Suppressions: addresses that a user's mail no longer goes to, by the provider or by hand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from integrations.email.addresses import key
from integrations.email.errors import AddressSuppressed, SuppressionNotFound
from integrations.email.suppressions.models import ADDRESS_LENGTH, Suppression

_SENTENCES = {
    Suppression.Reason.BOUNCED: "mail to it bounced for good",
    Suppression.Reason.COMPLAINED: "its reader marked your mail as spam",
    Suppression.Reason.SUPPRESSED: "Resend refuses to send to it",
    Suppression.Reason.USER: "you put it on the list",
}


def refuse(*, user: User, addresses: Iterable[str]) -> None:
    """Raises AddressSuppressed, where one of the addresses is on the user's list."""
    given = {key(address): address for address in addresses}
    rows = Suppression.objects.filter(user_id=user.pk, address__in=given)
    if found := rows.order_by("address").first():
        reason = _SENTENCES[Suppression.Reason(found.reason)]
        raise AddressSuppressed(given[found.address], reason)


def among(*, user_id: int, addresses: Iterable[str]) -> frozenset[str]:
    """Addresses, in the form of `key`, that are on the user's list."""
    rows = Suppression.objects.filter(user_id=user_id, address__in=[*map(key, addresses)])
    return frozenset(rows.values_list("address", flat=True))


def allowed(*, user: User, addresses: Sequence[str]) -> list[str]:
    """Addresses that are not on the user's list."""
    listed = among(user_id=user.pk, addresses=addresses)
    return [address for address in addresses if key(address) not in listed]


def record(
    *, user_id: int, addresses: Sequence[str], reason: str, detail: str, at: datetime
) -> None:
    """Enter what the provider says of addresses. One that is there keeps its first reason."""
    rows = [
        Suppression(user_id=user_id, address=address, reason=reason, detail=detail[:400], at=at)
        for address in map(key, addresses)
        if len(address) <= ADDRESS_LENGTH  # no mailbox has a longer one
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)


def add(*, user: User, address: str) -> tuple[Suppression, bool]:
    """Enter an address by hand. Its row, and whether it is new."""
    return Suppression.objects.get_or_create(
        user_id=user.pk,
        address=key(address),
        defaults={"reason": Suppression.Reason.USER, "at": timezone.now()},
    )


def remove(*, user: User, address: str) -> Suppression:
    """Take an address off the list. The row that it was. Raises: SuppressionNotFound."""
    row = Suppression.objects.filter(user_id=user.pk, address=key(address)).first()
    if row is None:
        raise SuppressionNotFound
    row.delete()
    return row


def suppressions(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Suppression]:
    """The user's list, the newest first."""
    mine = Suppression.objects.filter(user_id=user.pk)
    text = filters.get("search")
    return mine.filter(address__icontains=text) if text else mine
