"""Copies as they leave this process: JSON, packed and sealed.

A copy holds people's prompts and whatever else a provider sends. Redis holds none of it in clear.
"""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any, Generic

from ava.cache.store import Key, V
from ava.sealing.errors import Unsealable
from ava.sealing.keys import Binding, key_ring


class Unreadable(Exception):
    """A copy that was sealed by a key of another ring, or written by another release."""


class Envelope(Generic[V]):
    """Seals the values of one cache.

    Args:
        name: of the cache; what is sealed under one name and key opens under these only.
        dump: makes JSON's own types of a value.
        load: makes a value of them; raises KeyError, TypeError or ValueError where it cannot.
    """

    def __init__(self, name: str, dump: Callable[[V], Any], load: Callable[[Any], V]) -> None:
        self._name = name
        self._dump = dump
        self._load = load

    def seal(self, key: Key, value: V) -> str:
        """The value as text that tells nothing."""
        packed = zlib.compress(json.dumps(self._dump(value)).encode(), level=1)
        return key_ring().seal(base64.b64encode(packed).decode(), self._binding(key))

    def open(self, key: Key, text: str) -> V:
        """What was sealed. Raises: Unreadable."""
        try:
            packed = base64.b64decode(key_ring().open(text, self._binding(key)))
            return self._load(json.loads(zlib.decompress(packed)))
        except (Unsealable, zlib.error, KeyError, TypeError, ValueError) as fault:
            raise Unreadable from fault

    def _binding(self, key: Key) -> Binding:
        return Binding("ava.cache", self._name, pk=json.dumps(key), owner=str(key[0]))
