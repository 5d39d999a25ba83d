"""Names of assistants in the list of calls, and the filter by one of them."""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib.auth.models import User

from ava.console.lists import Listed
from vapi_settings import queries as vapi


def named(found: Listed, *, user: User, may_ask: bool) -> tuple[Listed, Sequence[tuple[str, str]]]:
    """The list with the name of each call's assistant, as `assistant_name`, and in the words of the
    filter; beside it the assistants to filter by, where any of them talked.

    Args:
        may_ask: Vapi is asked, once, where no copy of its list is there.
    """
    chosen = found.filters.get("assistant_id", "")
    talked = {str(key) for row in found.rows if (key := getattr(row, "assistant_id", ""))}
    if not (talked or chosen):
        return found, []
    names = vapi.names(user, may_ask=may_ask)
    for row in found.rows:
        key = getattr(row, "assistant_id", "")
        row.assistant_name = names.get(key, key)
    choices = {**{key: key for key in sorted(talked | {chosen} - {""})}, **names}
    if chosen:
        word = choices[chosen]
        chips = [replace(chip, word=chip.word.replace(chosen, word)) for chip in found.chips]
        found = replace(found, chips=chips)
    return found, sorted(choices.items(), key=lambda each: each[1].casefold())
