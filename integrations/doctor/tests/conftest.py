"""Examination as tests ask for it: what the doctor says of one item."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.utils import timezone

from ava.http import correlation
from integrations.doctor.asking import Reply
from integrations.doctor.findings import Check, Look

Examine = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def examine(db: None) -> Iterator[Examine]:
    """Verdicts and sentences of one check; `replies` stand for the network's."""

    def run(
        check: Check, *, replies: Mapping[str, Reply | str] | None = None, **more: Any
    ) -> list[tuple[str, str]]:
        found = check(Look(timezone.now(), replies or {}), **more)
        return [(str(one.verdict), one.sentence) for one in found]

    with correlation.bind("examined"):
        yield run
