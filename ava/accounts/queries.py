"""Look-ups of accounts and sessions."""

from django.contrib.auth.models import User
from django.db.models import Q

from ava.accounts.models import Session


def username_of(identifier: str) -> str:
    """The user name that a login with this identifier means; the identifier itself when unknown.

    A user name wins over an e-mail address, because it is unique. Addresses are not: Django lets
    several accounts share one, and then it names none of them, so that no one lands in another
    person's account. Those users log in with their user names.
    It takes one query, whether the account exists or not.
    """
    name = User.normalize_username(identifier.strip())
    named = Q(username=name)
    if "@" in name:
        # SQLite knows the upper case of ASCII alone.
        address = Q(email__iexact=name) | Q(email__iexact=name.casefold())
        named |= address & Q(is_active=True)
    found = list(User.objects.filter(named).values_list("username", flat=True))
    return found[0] if len(found) == 1 and name not in found else name


def has_logged_in_from(*, account: str, network: str) -> bool:
    """Whether this account has had a session from this network of late."""
    return Session.objects.filter(user__username=account, network=network).exists()
