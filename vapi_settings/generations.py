"""Generations of a user's copies of Vapi data: which hold now, and how they are left behind.

A new one is written in the transaction that makes copies wrong; docs/adr/0011 says when that is.
"""

from django.contrib.auth.models import User
from django.db.models import Case, Q, Value, When

from vapi_settings.models import AccountGeneration, Revision, token


def current(owner_id: int) -> tuple[str, str]:
    """Epoch and generation of the user's copies."""
    row = AccountGeneration.objects.filter(pk=owner_id).values_list("epoch", "generation")
    if found := row.first():
        return found
    AccountGeneration.objects.get_or_create(pk=owner_id)
    return row.get()


def raise_generation(owner_id: int, *, since: str | None, of_assistant: str | None = None) -> str:
    """Leave the user's copies behind.

    Args:
        since: the generation since which the caller knows what happened; None: it does not matter.
        of_assistant: leave the copies of all behind who have seen this assistant: several users
            may share one organisation at Vapi.

    Returns: the generation for what the caller keeps. Where another one was new since, this one is
        never found, for what the caller has read may be old.
    """
    rows = AccountGeneration.objects.filter(pk=owner_id)
    if of_assistant is not None:
        first = Revision.objects.filter(assistant_id=of_assistant, number=1)
        known = Q(pk=owner_id) | Q(pk__in=first.values("owner_id"))
        # In one order, so that two edits in an organisation do not wait for each other in a circle.
        locked = AccountGeneration.objects.filter(known).order_by("pk").select_for_update()
        rows = AccountGeneration.objects.filter(pk__in=locked.values("pk"))
    new = token()
    if since is None:
        rows.update(generation=new)
    else:
        expected = When(generation=since, then=Value(new))
        rows.update(generation=Case(expected, default=Value(token())))
    return new


def renew_epoch(user: User) -> None:
    """Forget even the last good copies: the key was replaced or refused."""
    AccountGeneration.objects.filter(pk=user.pk).update(epoch=token(), generation=token())
