"""Sealed copies: JSON, packed and encrypted before it leaves this process.

A copy holds people's prompts and whatever else a provider sends. Redis holds none of it in clear.
"""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ava.sealing.errors import Unsealable
from ava.sealing.keys import Binding, key_ring

V = TypeVar("V")

Key = tuple[str | int, ...]
"""What is read; its first part says whose it is."""


class Unreadable(Exception):
    """A copy that was sealed by a key of another ring, or written by another release."""


class Envelope(Generic[V]):
    """Seals the values of one cache.

    Args:
        name: of the cache; what is sealed under one name and address opens under these only.
        dump: makes JSON's own types of a value.
        load: makes a value of them; raises KeyError, TypeError or ValueError where it cannot.
    """

    def __init__(self, name: str, dump: Callable[[V], Any], load: Callable[[Any], V]) -> None:
        self._name = name
        self._dump = dump
        self._load = load

    def seal(self, address: Key, as_of: str, value: V) -> str:
        """The value and its time as opaque text."""
        packed = zlib.compress(json.dumps([as_of, self._dump(value)]).encode(), level=1)
        return key_ring().seal(base64.b64encode(packed).decode(), self._binding(address))

    def open(self, address: Key, text: str) -> tuple[str, V]:
        """What was sealed. Raises: Unreadable."""
        try:
            packed = base64.b64decode(key_ring().open(text, self._binding(address)))
            as_of, dumped = json.loads(zlib.decompress(packed))
            return as_of, self._load(dumped)
        except (Unsealable, zlib.error, KeyError, TypeError, ValueError) as fault:
            raise Unreadable from fault

    def _binding(self, address: Key) -> Binding:
        return Binding("ava.cache", self._name, pk=json.dumps(address), owner=str(address[0]))
