"""Speed limits of Vapi's voice providers.

Source: the `*Voice` schemas of Vapi's OpenAPI document (VapiAI/docs, fern/apis/api/openapi.json,
2026-08-18); a test compares this table with it.
"""

from typing import Final

SPEEDS: Final[dict[str, tuple[float | None, float | None]]] = {
    "11labs": (0.7, 1.2),
    "azure": (0.5, 2.0),
    "lmnt": (0.25, 2.0),
    "microsoft": (0.5, 2.0),
    "minimax": (0.5, 2.0),
    "neuphonic": (0.25, 2.0),
    "openai": (0.25, 4.0),
    "playht": (0.1, 5.0),
    "rime-ai": (0.1, None),
    "smallest-ai": (None, None),
    "vapi": (0.25, 2.0),
    "xai": (0.7, 1.5),
}
"""Voice provider -> least and greatest speed; None where Vapi names no bound."""

WITHOUT_SPEED: Final = frozenset(
    {"cartesia", "custom-voice", "deepgram", "hume", "inworld", "sesame", "tavus", "wellsaid"}
)
"""Voice providers whose voices have no field `speed`."""


def narrowed(provider: str, least: float, greatest: float) -> tuple[float, float]:
    """The part of `least` to `greatest` that the provider takes.

    A provider that the table does not have narrows nothing: Vapi itself refuses what it must.
    """
    low, high = SPEEDS.get(provider, (None, None))
    return (
        least if low is None else max(least, low),
        greatest if high is None else min(greatest, high),
    )
