"""How Vapi is asked: with one private API key, through the door out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ava import upstream
from ava.upstream import Answer, ProviderUnreachable
from ava.upstream.deadline import Deadline
from vapi_settings.errors import VAPI, no_list
from vapi_settings.reading import text

PAGE = 50
MOST_PAGES = 20


class Connection:
    """Vapi for one private API key."""

    def __init__(self, api_key: str) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def pages(
        self, path: str, filters: Mapping[str, Any] | None = None, *, whole: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """Every item of a list, the newest first; the newest 1000 of more.

        Args:
            whole: whether a list that AVA cannot read to its end is no answer.

        Raises: ProviderProblem.
        """
        # All pages share the deadline of one operation: a slow Vapi must not hold a thread for
        # twenty of them. A list that is cut off would look whole, so it is no answer.
        deadline = Deadline(upstream.door(VAPI.label).policy.deadline)
        # There is no cursor: the next page begins at the creation of this one's last. What was
        # created in the same millisecond comes twice, and is told by its id.
        seen: set[str] = set()
        params: dict[str, Any] = {**(filters or {}), "limit": PAGE}
        for _ in range(MOST_PAGES):
            if deadline.expired:
                raise ProviderUnreachable(VAPI)
            page = self.listed(path, params, deadline=deadline.left())
            new = [found for found in page if text(found.get("id")) not in seen]
            yield from new
            seen.update(text(found.get("id")) for found in new)
            last = text(page[-1].get("createdAt")) if page else ""
            if len(page) < PAGE:
                return
            if not new or not last:
                break
            params["createdAtLe"] = last
        if whole:
            raise ProviderUnreachable(VAPI)

    def listed(
        self, path: str, params: Mapping[str, Any], *, deadline: float | None = None
    ) -> list[Mapping[str, Any]]:
        """One page of a list. Raises: ProviderProblem."""
        answer = self.send("GET", path, no_list, params=params, deadline=deadline)
        found = answer.json()
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise ProviderUnreachable(VAPI)
        return found

    def send(
        self, method: str, path: str, refusal: Callable[[Answer], Exception], **rest: Any
    ) -> Answer:
        """An answer of 2xx. Raises: ProviderProblem, and what `refusal` makes of any other."""
        answer = upstream.door(VAPI.label).send(method, path, headers=self._headers, **rest)
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        return answer


def content(answer: Answer) -> Mapping[str, Any]:
    """The object in an answer. Raises: ProviderUnreachable: there is none."""
    found = answer.json()
    if not isinstance(found, dict):
        raise ProviderUnreachable(VAPI)
    return found
