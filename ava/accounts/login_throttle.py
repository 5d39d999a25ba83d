"""Login throttle: delays for guessed passwords, which do not lock the owner out.

From the fifth wrong password on, the next try is refused, unchecked and uncounted, until a delay is
over: 1 s, 2 s, 4 s ... 15 minutes. Two counters apply, until an hour without a wrong password. The
account's counts wrong passwords, under one name, however it is spelt and whether it exists or not.
The network's counts different accounts, and delays for half a minute at most: many people share an
address.

An attacker could keep an account's counter up for ever. So a network from which the account has
logged in of late has a counter of its own for it, and so has a browser that it has logged in on
(`ava.accounts.devices`).

During a delay one try passes at most, however many arrive at once: the try that passes moves
`not_before` on, by an UPDATE that names the value it has seen.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ava import ratelimit
from ava.accounts.errors import LoginSlowed
from ava.accounts.models import Session, WrongPasswords
from ava.conf.pasted import folded
from ava.http.problems import Problem

FREE = 4
LONGEST = timedelta(minutes=15)
LONGEST_FOR_NETWORK = timedelta(seconds=30)
FORGET_AFTER = timedelta(hours=1)


def delay(count: int, *, longest: timedelta = LONGEST) -> timedelta:
    """Delay of the next try after that many wrong passwords, or accounts."""
    if count <= FREE:
        return timedelta(0)
    doublings = min(count - FREE - 1, 20)
    return min(timedelta(seconds=2**doublings), longest)


@contextmanager
def guarded(*, account: str, network: str, device: str = "") -> Iterator[None]:
    """A password check in the block, which raises where the password is wrong.

    Args:
        account: the user name that is checked, as it is stored or as it was typed.
        network: the client's, from `ava.http.clients.network`.
        device: of a browser that the account has logged in on.

    Raises: LoginSlowed.
    """
    place = device
    if not place and Session.objects.filter(user__username=account, network=network).exists():
        place = network
    name = folded(account)
    own, shared = _key("account", name, place), _key("network", network)
    _admit({own: LONGEST, shared: LONGEST_FOR_NETWORK})
    try:
        yield
    except (Problem, ValidationError):
        _count(own)
        # The network's counter counts accounts: one that it does not know yet.
        if _count(_key("pair", name, network)) == 1:
            _count(shared, longest=LONGEST_FOR_NETWORK)
        raise
    WrongPasswords.objects.filter(pk=own).delete()
    # This one stays, else an attacker would clear it with an account of their own.
    WrongPasswords.objects.filter(pk=shared).update(not_before=timezone.now())


def _admit(longest: dict[str, timedelta]) -> None:
    now = timezone.now()
    slow = list(
        WrongPasswords.objects.filter(
            pk__in=longest, count__gt=FREE, last_at__gt=now - FORGET_AFTER
        ).order_by("pk")
    )
    wait = max((row.not_before - now for row in slow), default=timedelta(0))
    if wait > timedelta(0):
        _refuse(wait)
    for row in slow:
        next_wait = delay(row.count, longest=longest[row.pk])
        claimed = WrongPasswords.objects.filter(pk=row.pk, not_before=row.not_before).update(
            not_before=now + next_wait
        )
        if not claimed:
            _refuse(next_wait)


def _count(key: str, *, longest: timedelta = LONGEST) -> int:
    """Add one to this counter. Returns what it says now."""
    now = timezone.now()
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
