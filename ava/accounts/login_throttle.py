"""Login throttle: delays for guessed passwords, which do not lock the owner out.

From the fifth wrong password on, the next try is refused, unchecked and uncounted, until a delay is
over: 1 s, 2 s, 4 s ... 15 minutes. Two counters apply, until an hour without a wrong password. The
account's counts wrong passwords, under one name, however it is spelt and whether it exists or not.
The network's counts different accounts, and delays for half a minute at most: many people share an
address.

An attacker could keep an account's counter up for ever. So a network from which the account has
logged in of late has a counter of its own for it, and so has a browser that it has logged in on
(`ava.accounts.admin_site`).

During a delay one try passes at most, however many arrive at once: the try that passes moves
`not_before` on, by an UPDATE that names the value it has seen.
"""

import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from ava import ratelimit
from ava.accounts.errors import LoginSlowed
from ava.accounts.models import Session, WrongPasswords

FREE = 4
LONGEST = timedelta(minutes=15)
LONGEST_FOR_NETWORK = timedelta(seconds=30)
FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    """A login that may go on to the password check: the keys of its counters."""

    account_key: str
    network_key: str
    # Of this account from this network: whether the network's counter knows it already.
    pair_key: str

    def longest(self, key: str) -> timedelta:
        return LONGEST_FOR_NETWORK if key == self.network_key else LONGEST


def delay(count: int, *, longest: timedelta = LONGEST) -> timedelta:
    """Delay of the next try after that many wrong passwords, or accounts."""
    if count <= FREE:
        return timedelta(0)
    doublings = min(count - FREE - 1, 20)
    return min(timedelta(seconds=2**doublings), longest)


def admit(*, account: str, network: str, now: datetime, device: str = "") -> Attempt:
    """Admission of a try to the password check. Raises: LoginSlowed."""
    place = device
    if not place and Session.objects.filter(user__username=account, network=network).exists():
        place = network
    # The name that all its spellings share.
    plain = unicodedata.normalize("NFKC", account.strip()).casefold()
    name = unicodedata.normalize("NFKC", plain)
    attempt = Attempt(
        account_key=_key("account", name, place),
        network_key=_key("network", network),
        pair_key=_key("pair", name, network),
    )
    rows = WrongPasswords.objects.filter(
        pk__in=[attempt.account_key, attempt.network_key],
        count__gt=FREE,
        last_at__gt=now - FORGET_AFTER,
    ).order_by("pk")
    slow = list(rows)
    wait = max((row.not_before - now for row in slow), default=timedelta(0))
    if wait > timedelta(0):
        _refuse(wait)
    for row in slow:
        next_wait = delay(row.count, longest=attempt.longest(row.pk))
        claimed = WrongPasswords.objects.filter(pk=row.pk, not_before=row.not_before).update(
            not_before=now + next_wait
        )
        if not claimed:
            _refuse(next_wait)
    return attempt


def failed(attempt: Attempt, *, now: datetime) -> None:
    """The password was wrong."""
    _count(attempt.account_key, now=now)
    if _count(attempt.pair_key, now=now) == 1:
        _count(attempt.network_key, now=now, longest=LONGEST_FOR_NETWORK)


def succeeded(attempt: Attempt, *, now: datetime) -> None:
    """The password was right: the account's counter is reset.

    The network's stays, else an attacker would clear it with an account of their own.
    """
    WrongPasswords.objects.filter(pk=attempt.account_key).delete()
    WrongPasswords.objects.filter(pk=attempt.network_key).update(not_before=now)


def _count(key: str, *, now: datetime, longest: timedelta = LONGEST) -> int:
    """Add one to this counter. Returns what it says now."""
    with transaction.atomic():
        WrongPasswords.objects.get_or_create(pk=key, defaults={"last_at": now, "not_before": now})
        row = WrongPasswords.objects.select_for_update().get(pk=key)
        row.count = 1 if row.last_at <= now - FORGET_AFTER else row.count + 1
        row.last_at = now
        row.not_before = now + delay(row.count, longest=longest)
        row.save()
        return row.count


def _refuse(wait: timedelta) -> None:
    ratelimit.refused("login", policy="guesses")
    raise LoginSlowed(retry_after=math.ceil(wait.total_seconds()))


def _key(scope: str, *parts: str) -> str:
    return salted_hmac(f"ava.accounts.{scope}", "\0".join(parts), algorithm="sha256").hexdigest()
