"""Breaking changes between two OpenAPI documents of AVA: what a client that worked would notice.

Additions are none: paths, methods, optional parameters and request fields, response fields, codes.
"""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")
Document = dict[str, Any]


def breaking(old: Document, new: Document) -> list[str]:
    """A sentence each."""
    return list(dict.fromkeys(_Comparison(old, new).changes()))


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old, new
        self.seen: set[tuple[str, str, bool]] = set()

    def changes(self) -> Iterator[str]:
        for path, methods in self.old["paths"].items():
            for method in (one for one in METHODS if one in methods):
                now = self.new["paths"].get(path, {}).get(method)
                name = f"{method.upper()} {path}"
                if now is None:
                    yield f"{name} is gone"
                else:
                    yield from self._operation(name, methods[method], now)

    def _operation(self, name: str, old: Document, new: Document) -> Iterator[str]:
        before = {(one["in"], one["name"]): one for one in old.get("parameters", [])}
        after = {(one["in"], one["name"]): one for one in new.get("parameters", [])}
        for place in sorted(before.keys() - after.keys()):
            yield f"{name}: parameter {place[1]} is gone"
        for place, one in after.items():
            if one.get("required") and not before.get(place, {}).get("required"):
                yield f"{name}: parameter {place[1]} has become required"
            if place in before:
                where = f"{name}: parameter {place[1]}"
                yield from self._schema(where, before[place]["schema"], one["schema"], sent=True)
        if new.get("requestBody", {}).get("required") and not old.get("requestBody", {}).get(
            "required"
        ):
            yield f"{name}: a body has become required"
        yield from self._content(f"{name}: body", old, new, "requestBody", sent=True)
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                yield f"{name}: answer {status} is gone"
            else:
                one = {"answer": answer}, {"answer": new["responses"][status]}
                yield from self._content(f"{name}: {status}", *one, "answer", sent=False)

    def _content(
        self, where: str, old: Document, new: Document, key: str, *, sent: bool
    ) -> Iterator[str]:
        after = new.get(key, {}).get("content", {})
        for kind, content in old.get(key, {}).get("content", {}).items():
            if kind not in after:
                yield f"{where}: {kind} is gone"
            elif "schema" in content:
                now = after[kind].get("schema", {})
                yield from self._schema(where, content["schema"], now, sent=sent)

    def _schema(self, where: str, old: Any, new: Any, *, sent: bool) -> Iterator[str]:
        """`sent`: by the client, so that it must not have to send more; else received."""
        names = str(old.get("$ref", "")), str(new.get("$ref", ""))
        if all(names):
            if (*names, sent) in self.seen:  # once for all who refer to it
                return
            self.seen.add((*names, sent))
            where = names[0].rpartition("/")[2]
        old, new = _resolved(self.old, old), _resolved(self.new, new)
        if _types(old) and _types(new) and not _fits(_types(old), _types(new), sent=sent):
            yield f"{where}: the type {_said(old)} has become {_said(new)}"
        lost = {*map(str, old.get("enum", ()))} - {*map(str, new.get("enum", ()))}
        if sent and lost and "enum" in new:
            yield f"{where}: {', '.join(sorted(lost))} is not taken any more"
        had, has = old.get("properties", {}), new.get("properties", {})
        for field in had.keys() - has.keys():
            yield f"{where}: {field} is gone"
        before, after = {*old.get("required", ())}, {*new.get("required", ())}
        for field in sorted(after - before if sent else (before - after) & has.keys()):
            yield f"{where}: {field} " + ("has become required" if sent else "may be absent now")
        for field in had.keys() & has.keys():
            yield from self._schema(f"{where}.{field}", had[field], has[field], sent=sent)
        if "items" in old and "items" in new:
            yield from self._schema(f"{where}[]", old["items"], new["items"], sent=sent)


def _resolved(document: Document, schema: Any) -> Any:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    return schema


def _types(schema: Any) -> set[str]:
    found = schema.get("type", ())
    return {found} if isinstance(found, str) else {*found}


def _said(schema: Any) -> str:
    return " or ".join(sorted(_types(schema)))


def _fits(old: set[str], new: set[str], *, sent: bool) -> bool:
    """A client may send what it did, and receives what it knew."""
    wide, narrow = (new, old) if sent else (old, new)
    integers = {"integer"} if "number" in wide else set()
    return narrow <= wide | integers
