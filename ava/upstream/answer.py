"""Answer of a provider."""

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
            return parse_json(self.body)
        except ValueError:
            raise ProviderUnreachable(self.service) from None


def parse_json(body: bytes) -> Any:
    """What a provider sent as JSON, whatever its shape.

    Raises:
        ValueError: it is not JSON, or too deep to be read.
    """
    try:
        return json.loads(body, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
