"""Pages of Resend's lists (https://resend.com/docs/api-reference/pagination)."""

from datetime import datetime
from typing import Any

from sandbox.resend.errors import RefusedError
from sandbox.wire import Query

Resource = dict[str, Any]

DEFAULT, MOST = 20, 100


def page(resources: list[Resource], query: Query) -> Resource:
    """The page that a query asks for, by `limit` and `after` or `before`. Raises: RefusedError."""
    asked = dict(query)
    limit = asked.get("limit", str(DEFAULT))
    if not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise RefusedError(422, "validation_error", f"The `limit` must be from 1 to {MOST}.")
    if "after" in asked and "before" in asked:
        message = "Use either `after` or `before`, not both."
        raise RefusedError(422, "validation_error", message)
    ids = [resource["id"] for resource in resources]
    for cursor in ("after", "before"):
        if cursor in asked and asked[cursor] not in ids:
            raise RefusedError(422, "validation_error", f"The `{cursor}` cursor is not known.")
    if "after" in asked:
        resources = resources[ids.index(asked["after"]) + 1 :]
    if "before" in asked:
        newer = resources[: ids.index(asked["before"])]
        shown = newer[-int(limit) :]
    else:
        newer, shown = resources, resources[: int(limit)]
    return {"object": "list", "has_more": len(newer) > len(shown), "data": shown}


def timestamp(moment: str) -> str:
    """A time as Resend's API writes it, such as `2023-04-03 22:13:42.674981+00`."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S.%f}+00"
