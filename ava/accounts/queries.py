"""Users, found by what people type: in any case and any Unicode form, on every database alike."""

from django.contrib.auth.models import User
from django.db.models import Q

from ava.conf.pasted import folded, trimmed, visible


def username_of(identifier: str) -> str:
    """The user name that a login with this identifier means; the identifier itself when unknown.

    A user name as it is written wins over one in other letters, and that over an e-mail address.
    What several accounts share names none of them. It takes one query, whether the account exists
    or not.
    """
    name = User.normalize_username(trimmed(visible(identifier)))
    wanted = _may_be("username", name)
    if "@" in name:
        wanted |= _may_be("email", name) & Q(is_active=True)
    found = list(User.objects.filter(wanted).values_list("username", "email", "is_active"))
    if name in [username for username, _, _ in found]:
        return name
    same = folded(name)
    named = [username for username, _, _ in found if folded(username) == same]
    mailed = [
        username
        for username, email, is_active in found
        if is_active and "@" in name and folded(email) == same
    ]
    candidates = named or mailed
    return candidates[0] if len(candidates) == 1 else name


def find_user(identifier: str) -> User | None:
    return User.objects.filter(username=username_of(identifier)).first()


def is_email_taken(email: str, *, besides: User) -> bool:
    """Whether another account has this address."""
    address = User.normalize_username(email)
    others = User.objects.filter(_may_be("email", address)).exclude(pk=besides.pk)
    return any(folded(one) == folded(email) for one in others.values_list("email", flat=True))


def _may_be(field: str, text: str) -> Q:
    """A condition that all spellings of the composed text meet, and few others.

    Databases know the upper case of ASCII alone (SQLite), or that of their locale (PostgreSQL), and
    take composed and decomposed letters for different ones. So what is around the other letters is
    looked for, and the rows are compared here.
    """
    if text.isascii():
        return Q(**{f"{field}__iexact": text})
    places = [place for place, letter in enumerate(text) if not letter.isascii()]
    start, end = text[: places[0]], text[places[-1] + 1 :]
    return Q(
        **{
            f"{field}__istartswith": start,
            f"{field}__iendswith": end,
            f"{field}__regex": "[^ -~]",
        }
    )
