"""Client of Vapi: assistants, phone numbers, calls. https://docs.vapi.ai/api-reference"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from django.conf import settings

from ava import upstream
from ava.upstream import Answer, Deadline, ProviderUnreachable
from vapi_settings import errors, records
from vapi_settings.errors import VAPI
from vapi_settings.records import Assistant, PhoneNumber, Summary, VapiCall

T = TypeVar("T")
Refusal = Callable[[Answer], Exception | None]

PAGE: Final = 50
MOST_PAGES: Final = 20


class VapiClient:
    """Vapi for one private API key. Each method also raises ProviderProblem."""

    def __init__(self, api_key: str) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def check(self) -> None:
        """Check the key by a minimal request."""
        self._list("/assistant", {"limit": 1})

    def assistants(self) -> tuple[tuple[Summary, ...], Assistant | None]:
        """The organisation's assistants, the newest 1000 first, and the whole of an only one."""
        found = list(self._pages("/assistant"))
        only = _read(records.assistant, found[0]) if len(found) == 1 else None
        return tuple(_read(records.summary, one) for one in found), only

    def assistant(self, assistant_id: str) -> Assistant:
        """One assistant. Raises: AssistantNotFound."""
        path = f"/assistant/{quote(assistant_id, safe='')}"
        found = _read(records.assistant, self._send("GET", path, errors.not_found))
        if found.id != assistant_id:
            raise ProviderUnreachable(VAPI)
        return found

    def change_assistant(self, assistant_id: str, fields: Mapping[str, Any]) -> Assistant:
        """Replace top-level fields, whole: Vapi merges nothing nested. It is sent at most once.
        Raises: AssistantNotFound, ChangeRefused: Vapi did nothing."""
        path = f"/assistant/{quote(assistant_id, safe='')}"
        found = self._send("PATCH", path, errors.not_changed, json=fields)
        return _read(records.assistant, found)

    def phone_numbers(self) -> list[PhoneNumber]:
        """The organisation's phone numbers, the newest first; the newest 1000 of more."""
        return [records.phone_number(found) for found in self._pages("/phone-number")]

    def import_number(self, fields: Mapping[str, Any]) -> PhoneNumber:
        """Import a number of a Twilio account. Raises: NumberRefused."""
        found = self._send("POST", "/phone-number", errors.not_imported, json=fields)
        return _read(records.phone_number, found)

    def place_call(self, fields: Mapping[str, Any]) -> VapiCall:
        """Place a call by an assistant, sent again only when it certainly never left. Raises:
        Problem: Vapi did not place it; ProviderUnreachable, unless `unsent`: it may have."""
        return _read(_call, self._send("POST", "/call", errors.not_called, json=fields))

    def call(self, call_id: str) -> VapiCall:
        """One call. Raises: CallNotFound."""
        path = f"/call/{quote(call_id, safe='')}"
        return _read(_call, self._send("GET", path, errors.unknown_call))

    def calls(self, since: datetime, **filters: str) -> list[VapiCall]:
        """All calls made since, the newest first, filtered by assistantId, phoneNumberId. Raises:
        ProviderUnreachable also where there are too many to be sure of all of them."""
        params = {**filters, "createdAtGe": since.isoformat()}
        return [_read(_call, found) for found in self._pages("/call", params, whole=True)]

    def end_call(self, call: VapiCall) -> None:
        """Hang up (https://docs.vapi.ai/calls/call-features). Raises: CallNotControllable."""
        if not _is_vapis(call.control_url):
            raise errors.CallNotControllable
        control = urlsplit(call.control_url)
        # It lives on another host of Vapi's, and is a key itself: ours is not sent there.
        answer = upstream.door(VAPI.label).send(
            "POST",
            control.path,
            json={"type": "end-call"},
            repeatable=True,  # a second order to hang up does no harm
            base_url=f"{control.scheme}://{control.netloc}",
        )
        if not 200 <= answer.status < 300:
            raise errors.CallNotControllable

    def _pages(
        self, path: str, filters: Mapping[str, Any] | None = None, *, whole: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """The newest 1000 items of a list, the newest first; with `whole`, all or no answer."""
        # All pages share the deadline of one operation: a slow Vapi must not hold a thread for
        # twenty of them. A list that is cut off would look whole, so it is no answer.
        deadline = Deadline(upstream.door(VAPI.label).policy.deadline)
        # There is no cursor: the next page begins at the creation of this one's last. What was
        # created in the same millisecond comes twice, and is known by its id.
        seen: set[str] = set()
        params: dict[str, Any] = {**(filters or {}), "limit": PAGE}
        for _ in range(MOST_PAGES):
            if deadline.expired:
                raise ProviderUnreachable(VAPI)
            page = self._list(path, params, deadline=deadline.left())
            new = [found for found in page if records.text(found.get("id")) not in seen]
            yield from new
            seen.update(records.text(found.get("id")) for found in new)
            last = records.text(page[-1].get("createdAt")) if page else ""
            if len(page) < PAGE:
                return
            if not new or not last:
                break
            params["createdAtLe"] = last
        if whole:
            raise ProviderUnreachable(VAPI)

    def _list(
        self, path: str, params: Mapping[str, Any], *, deadline: float | None = None
    ) -> list[Mapping[str, Any]]:
        found = self._send("GET", path, None, params=params, deadline=deadline)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise ProviderUnreachable(VAPI)
        return found

    def _send(self, method: str, path: str, refusal: Refusal | None, **rest: Any) -> Any:
        """The JSON of an answer of 2xx. Raises: what `refusal` makes of any other."""
        answer = upstream.door(VAPI.label).send(method, path, headers=self._headers, **rest)
        if not 200 <= answer.status < 300:
            raise (refusal and refusal(answer)) or ProviderUnreachable(VAPI)
        return answer.json()


def _read(parse: Callable[[Mapping[str, Any]], T], found: Any) -> T:
    """The record. Raises: ProviderUnreachable, where it is none of Vapi's."""
    with suppress(records.NoRecord):
        if isinstance(found, dict):
            return parse(found)
    raise ProviderUnreachable(VAPI)


def _call(found: Mapping[str, Any]) -> VapiCall:
    call = records.call(found)
    if not records.ID.fullmatch(call.id):
        raise records.NoRecord
    return call


def _is_vapis(url: str) -> bool:
    """Whether it leads to Vapi: what a provider sends does not choose where AVA connects to."""
    base = urlsplit(settings.VAPI_BASE_URL)
    try:
        wanted = urlsplit(url)
        own_host = (wanted.hostname or "").endswith(".vapi.ai") and wanted.port in (None, 443)
    except ValueError:
        return False
    same_origin = (wanted.scheme, wanted.netloc) == (base.scheme, base.netloc)
    return same_origin or (wanted.scheme == "https" and own_host and "@" not in wanted.netloc)
