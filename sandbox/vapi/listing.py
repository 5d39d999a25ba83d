"""Vapi's lists: `limit`, and filters on the times of creation and change. There are no pages."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import ge, gt, le, lt

from sandbox.vapi.errors import RefusedError
from sandbox.vapi.store import Resource
from sandbox.wire import Query

MOST = 1000
DEFAULT = 100

_COMPARE: dict[str, tuple[str, Callable[[datetime, datetime], bool]]] = {
    f"{field}{name}": (field, compare)
    for field in ("createdAt", "updatedAt")
    for name, compare in {"Gt": gt, "Lt": lt, "Ge": ge, "Le": le}.items()
}


def filtered(
    resources: Iterable[Resource], query: Query, exact: tuple[str, ...] = ()
) -> list[Resource]:
    """The resources that the query asks for, in order; `exact` names further fields to filter by.

    Raises: RefusedError 400.
    """
    asked = dict(query)
    complaints = [
        f"property {name} should not exist"
        for name in asked
        if name not in ("limit", *_COMPARE, *exact)
    ]
    limit = _limit(asked.pop("limit", str(DEFAULT)), complaints)
    bounds = {
        name: _moment(name, text, complaints) for name, text in asked.items() if name in _COMPARE
    }
    if complaints:
        raise RefusedError(400, complaints)
    kept = [
        resource
        for resource in resources
        if all(
            _COMPARE[name][1](_read(resource[_COMPARE[name][0]]), bound)
            for name, bound in bounds.items()
        )
        and all(resource.get(name) == asked[name] for name in exact if name in asked)
    ]
    return kept[:limit]


def _limit(text: str, complaints: list[str]) -> int:
    try:
        limit = float(text)
    except ValueError:
        limit = float("nan")
    if limit != limit:
        complaints.append("limit must be a number conforming to the specified constraints")
        return 0
    if limit > MOST:
        complaints.append(f"limit must not be greater than {MOST}")
    if limit < 0:
        complaints.append("limit must not be less than 0")
    return int(max(0, min(limit, MOST)))


def _moment(name: str, text: str, complaints: list[str]) -> datetime:
    try:
        return _read(text)
    except ValueError:
        complaints.append(f"{name} must be a valid ISO 8601 date string")
        return datetime.min.replace(tzinfo=UTC)


def _read(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
