"""What a provider answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ava.upstream.errors import ProviderUnreachable
from ava.upstream.service import Service


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. Headers are found whatever their case.

    Headers and body stay out of `repr`: they may hold secrets.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    service: Service

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ProviderUnreachable: it is not JSON.
        """
        try:
            return json.loads(self.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise ProviderUnreachable(self.service) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
