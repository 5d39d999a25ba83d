"""Vapi's calls. https://docs.vapi.ai/api-reference/calls"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from ava import upstream
from ava.upstream import ProviderUnreachable
from vapi_settings.calls import records
from vapi_settings.calls.errors import CallNotControllable, not_called, unknown_call
from vapi_settings.calls.records import VapiCall
from vapi_settings.client import ASSISTANT_ID as CALL_ID
from vapi_settings.connection import Connection, content
from vapi_settings.errors import VAPI


class CallClient(Connection):
    """The organisation's calls."""

    def place(self, fields: Mapping[str, Any]) -> VapiCall:
        """Have an assistant call somebody. It is sent again only when it certainly never left.

        Raises:
            Problem: Vapi did not place it; among them ProviderUnreachable, when it may have,
                unless its `unsent` says otherwise.
        """
        return _read(content(self.send("POST", "/call", not_called, json=fields)))

    def one(self, call_id: str) -> VapiCall:
        """One call. Raises: CallNotFound, ProviderProblem."""
        path = f"/call/{quote(call_id, safe='')}"
        return _read(content(self.send("GET", path, unknown_call)))

    def since(self, moment: datetime, **filters: str) -> list[VapiCall]:
        """All calls made since, the newest first; filtered by assistantId, phoneNumberId.

        Raises: ProviderProblem; also where there are too many to be sure of all of them.
        """
        params = {**filters, "createdAtGe": moment.isoformat()}
        return [_read(found) for found in self.pages("/call", params, whole=True)]

    def end(self, call: VapiCall) -> None:
        """Hang up. https://docs.vapi.ai/calls/call-features

        Raises:
            CallNotControllable: Vapi takes no orders for it, or not any more.
            ProviderProblem.
        """
        if not _is_vapis(call.control_url):
            raise CallNotControllable
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
            raise CallNotControllable


def _read(found: Mapping[str, Any]) -> VapiCall:
    call = records.call(found)
    if not CALL_ID.fullmatch(call.id):
        raise ProviderUnreachable(VAPI)
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
