"""Findings of the doctor: an item, a verdict, and a sentence with what to do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from integrations.doctor.asking import Reply


class Verdict(StrEnum):
    GOOD = "good"
    ATTENTION = "needs attention"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Finding:
    item: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class Look:
    """State that every check starts from."""

    now: datetime
    # By address; a text says why there is no answer.
    replies: Mapping[str, Reply | str] = field(default_factory=dict)


Check = Callable[[Look], Iterator[Finding]]


def good(item: str, sentence: str) -> Finding:
    return Finding(item, Verdict.GOOD, sentence)


def attention(item: str, sentence: str) -> Finding:
    return Finding(item, Verdict.ATTENTION, sentence)


def unknown(item: str, sentence: str) -> Finding:
    return Finding(item, Verdict.UNKNOWN, sentence)
