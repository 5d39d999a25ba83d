"""JSON Schema of the credentials endpoints' bodies, made from the providers' fields."""

from typing import Any

from integrations.credentials.providers import PROVIDERS, Field, Kind

Schema = dict[str, Any]

_SHOWN: Schema = {
    "provider": {"type": "string"},
    "configured": {
        "type": "boolean",
        "description": "There is something to use, yours or the operator's.",
    },
    "source": {"type": "string", "enum": ["user", "environment", "none"]},
    "readable": {
        "type": "boolean",
        "description": "False when what you stored cannot be opened any more: store it again.",
    },
    "updated_at": {"type": ["string", "null"], "format": "date-time"},
    "warnings": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Sentences on what cannot go on with what is stored now.",
    },
}

_WEBHOOK_URL: Schema = {
    "type": ["string", "null"],
    "description": "Where the provider shall send your webhooks; null until you have stored a key. "
    "Path and query alone where AVA has no public address: put yours in front.",
}


def request(provider: str) -> Schema:
    """Body of PUT. The answer of GET can be sent back with changes."""
    fields = PROVIDERS[provider].fields
    ignored: Schema = {name: {"description": "Ignored here."} for name in _facts(provider)}
    return _object(
        {**{field.name: _given(field) for field in fields}, **ignored},
        required=[field.name for field in fields if field.required],
    )


def response(provider: str) -> Schema:
    fields = PROVIDERS[provider].fields
    return _object({**_facts(provider), **{field.name: _shown(field) for field in fields}})


def _facts(provider: str) -> Schema:
    return {**_SHOWN, "webhook_url": _WEBHOOK_URL} if PROVIDERS[provider].webhooks else _SHOWN


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


VERIFIED = _object(
    {
        "provider": {"type": "string"},
        "ok": {"type": "boolean", "const": True},
        "message": {"type": "string", "description": "A sentence for a person."},
    }
)


def _given(field: Field) -> Schema:
    # What is around it is taken away before it is measured, which JSON Schema cannot say.
    most = f"At most {field.max_length} characters, blanks around it aside."
    schema: Schema = {"description": f"{_about(field)} {most}", "type": "string"}
    if field.kind is Kind.PORT:
        described = {**schema, "description": _about(field)}
        return {**described, "type": "integer", "minimum": 1, "maximum": 65535}
    if field.kind is Kind.CHOICE:
        schema["enum"] = list(field.choices)
    elif field.kind is Kind.EMAIL:
        schema["format"] = "email"
    else:
        empty = "" if field.required else "?"
        schema["pattern"] = rf"^\s*({field.kind.pattern}){empty}\s*$"
    if field.required:
        return schema
    # Empty or null takes an optional field away.
    if "enum" in schema:
        schema["enum"] += ["", None]
    return {**schema, "type": ["string", "null"]}


def _shown(field: Field) -> Schema:
    kind = "integer" if field.kind is Kind.PORT else "string"
    return {"description": _about(field), "type": [kind, "null"]}


def _about(field: Field) -> str:
    return f"{field.about} Shown masked; send the mask to keep it." if field.secret else field.about
