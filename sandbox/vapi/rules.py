"""A small language for what a field may hold.

Complaints are in class-validator's words, with the parents' names in front as NestJS puts them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Rule(Protocol):
    """What one field may hold."""

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """What is wrong with `value` at `path`, in words; nothing when it is right."""
        ...


@dataclass(frozen=True)
class Text:
    """A string of `low` to `high` characters."""

    low: int = 0
    high: int | None = None
    pattern: str | None = None

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if not isinstance(value, str):
            yield f"{path} must be a string"
            return
        # JavaScript counts UTF-16 units.
        length = len(value.encode("utf-16-le", "surrogatepass")) // 2
        if length < self.low:
            yield f"{path} must be longer than or equal to {self.low} characters"
        if self.high is not None and length > self.high:
            yield f"{path} must be shorter than or equal to {self.high} characters"
        if self.pattern and not re.fullmatch(self.pattern, value):
            yield f"{path} must match {self.pattern} regular expression"


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`."""

    low: float | None = None
    high: float | None = None

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{path} must be a number conforming to the specified constraints"
            return
        if self.low is not None and value < self.low:
            yield f"{path} must not be less than {self.low}"
        if self.high is not None and value > self.high:
            yield f"{path} must not be greater than {self.high}"


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if not isinstance(value, bool):
            yield f"{path} must be a boolean value"


@dataclass(frozen=True)
class Choice:
    """One of a few strings."""

    values: tuple[str, ...]

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if not isinstance(value, str) or value not in self.values:
            yield f"{path} must be one of the following values: {', '.join(self.values)}"


@dataclass(frozen=True)
class Anything:
    """A part that is not modelled deeper: any JSON of one of the given types, or any at all."""

    types: tuple[type, ...] = ()

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if self.types and not isinstance(value, self.types):
            yield (
                f"{path} must be an object"
                if self.types == (dict,)
                else f"{path} has an unexpected type"
            )


@dataclass(frozen=True)
class Either:
    """One of several rules."""

    rules: tuple[Rule, ...]

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        tried = [list(rule.complaints(value, path)) for rule in self.rules]
        if all(tried):
            yield from tried[-1]


@dataclass(frozen=True)
class Nullable:
    """Null, or what the rule says."""

    rule: Rule

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if value is not None:
            yield from self.rule.complaints(value, path)


@dataclass(frozen=True)
class ListOf:
    """An array whose items each follow a rule."""

    item: Rule

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if not isinstance(value, list):
            yield f"{path} must be an array"
            return
        if isinstance(self.item, Shape | ByTag):
            for place, item in enumerate(value):
                yield from self.item.complaints(item, f"{path}.{place}")
            return
        wrong = (complaint for item in value for complaint in self.item.complaints(item, path))
        yield from dict.fromkeys(
            f"{_parent(path)}each value in {_last(path)}{c[len(path) :]}" for c in wrong
        )


@dataclass(frozen=True)
class Shape:
    """An object with these fields and no others."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if not isinstance(value, dict):
            yield (
                f"nested property {path} must be either object or array"
                if path
                else "Body must be an object"
            )
            return
        under = f"{path}." if path else ""
        for name in value:
            if name not in self.fields:
                yield f"{under}property {name} should not exist"
        for name, rule in self.fields.items():
            if name in value:
                yield from rule.complaints(value[name], under + name)
            elif name in self.required:
                yield from rule.complaints(None, under + name)


@dataclass(frozen=True)
class ByTag:
    """One of several shapes, chosen by the value of one field."""

    tag: str
    shapes: Mapping[str, Rule]

    def complaints(self, value: Any, path: str) -> Iterator[str]:
        """See Rule."""
        if not isinstance(value, dict):
            yield f"nested property {path} must be either object or array"
            return
        chosen = value.get(self.tag)
        if not isinstance(chosen, str) or chosen not in self.shapes:
            yield f"{path}.{self.tag} must be one of the following values: {', '.join(self.shapes)}"
            return
        yield from self.shapes[chosen].complaints(value, path)


def _parent(path: str) -> str:
    head, dot, _ = path.rpartition(".")
    return head + dot


def _last(path: str) -> str:
    return path.rpartition(".")[2]
