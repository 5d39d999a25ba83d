"""AVA's own tools among those of an assistant: a setting that the list leaves out. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from vapi_settings import catalogue, diff
from vapi_settings.catalogue import Definition
from vapi_settings.diff import ABSENT, Document

FIND, BOOK = "find_free_slots", "book_slot"
WEBHOOK: Final = "/api/v1/webhooks/vapi"


class NameTaken(catalogue.ValueRefused):
    """A tool of somebody else's has a name of AVA's."""


@dataclass(frozen=True)
class OwnTools(Definition):
    """Definition of the tools of these names that ask AVA; the assistant's others stay."""

    names: frozenset[str] = frozenset()

    def held(self, document: Document) -> Any:
        own, _ = self._parted(document)
        return [_masked(tool) for tool in own] or ABSENT

    def recorded(self, value: Any) -> Any:
        return value if value is ABSENT else [_masked(tool) for tool in value]

    def patch(self, document: Document, value: Any) -> dict[str, Any]:
        """PATCH body, as for any setting. Raises: NameTaken."""
        own, others = self._parted(document)
        if value is not ABSENT:
            taken = sorted({_name(tool) for tool in others} & self.names)
            if taken:
                raise NameTaken(
                    f"The assistant has a tool {taken[0]} that does not ask AVA. "
                    "Rename or remove it in Vapi's dashboard first."
                )
            own = value
        whole = [*others, *([] if value is ABSENT else own)]
        return super().patch(document, whole)

    def _parted(self, document: Document) -> tuple[list[Any], list[Any]]:
        """AVA's tools, and the others."""
        found = diff.read(document, self.path)
        tools = found if isinstance(found, list) else []
        own = [tool for tool in tools if _name(tool) in self.names and _asks_ava(tool)]
        return own, [tool for tool in tools if tool not in own]


BOOKING: Final = OwnTools(
    "booking-tool",  # no name that a custom setting could have
    "json",
    None,
    "The tools by which the assistant books appointments.",
    ("model", "tools"),
    {"max_bytes": catalogue.MAX_BYTES},
    names=frozenset({FIND, BOOK}),
)


def _name(tool: Any) -> Any:
    return diff.read(tool, ("function", "name"))


def _asks_ava(tool: Any) -> bool:
    """Whether the tool's server is AVA, under whatever address; without one, the assistant's is."""
    url = diff.read(tool, ("server", "url"))
    return not isinstance(url, str) or urlsplit(url).path.endswith(WEBHOOK)


def _masked(tool: Mapping[str, Any]) -> dict[str, Any]:
    """The tool with fingerprints in place of its server's headers, which hold the user's secret."""
    headers = diff.read(tool, ("server", "headers"))
    if not isinstance(headers, Mapping):
        return dict(tool)
    marks = {name: _fingerprint(value) for name, value in headers.items()}
    return {**tool, "server": {**tool["server"], "headers": marks}}


def _fingerprint(value: Any) -> str:
    return f"sha256:{hashlib.sha256(diff.canonical(value).encode()).hexdigest()[:8]}"
