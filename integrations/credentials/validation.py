"""Validation of the credentials that a user types in, and masks, as which secrets are shown."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ava.conf.pasted import trimmed, visible
from ava.http.problems import ValidationFailed
from integrations.credentials.providers import Field, Kind, Provider
from integrations.sender_kinds import sender

# Members of what AVA shows; a client may send them back with its changes.
SHOWN_ONLY = frozenset(
    {"provider", "configured", "source", "readable", "updated_at", "warnings", "webhook_url"}
)

# Values of common headers: media types, products, encodings, what a browser says of itself.
_COMMON = re.compile(
    r"(application|audio|image|multipart|text|video|mozilla|python-requests|keep-alive|gzip"
    r"|deflate|same-origin|same-site|cross-site|no-cache|max-age)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-z_]{1,32}")
BULLETS = "•" * 8


def mask(secret: str) -> str:
    """Eight bullets and the last four characters, none of a short secret."""
    return BULLETS + (secret[-4:] if len(secret) >= 12 else "")


def is_mask(value: object) -> bool:
    """Whether it can only be a mask, blanks around it aside: no secret begins with bullets."""
    return isinstance(value, str) and trimmed(value).startswith(BULLETS)


def validate(
    provider: Provider, values: Mapping[str, Any], stored: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Fields to store. Raises: ValidationFailed.

    Args:
        values: as the user sent them: the whole, not a change.
        stored: the present fields, secrets in clear; None when they cannot be read.
    """
    known = {field.name for field in provider.fields}
    errors = {
        # A pasted secret can end up as a name: only what looks like a name is repeated.
        name if _NAME.fullmatch(name) else "non_field_errors": [
            f"{provider.name} has no such field."
        ]
        for name in map(str, values)
        if name not in known | SHOWN_ONLY
    }
    fields: dict[str, Any] = {}
    for field in provider.fields:
        try:
            value = _field(field, values.get(field.name), stored)
        except ValueError as fault:
            errors[field.name] = [str(fault)]
        else:
            if value is not None:
                fields[field.name] = value
    if not errors:
        errors = {name: [sentence] for name, sentence in _belonging(fields).items()}
    if not errors:
        errors = _to_send_again(provider, values, fields, stored or {})
    if errors:
        raise ValidationFailed(errors=errors)
    return fields


def weaknesses(provider: Provider, stored: Mapping[str, Any]) -> list[str]:
    """Sentences on how webhooks are checked, where it was stored before AVA asked for more."""
    found = []
    for field in provider.fields:
        if field.kind in (Kind.WEBHOOK_KEY, Kind.HEADER) and field.name in stored:
            try:
                _check(field, stored[field.name])
            except ValueError as fault:
                found.append(f"The {field.name} that is stored is not safe. {fault}")
    return found


def _belonging(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields that mean nothing without another one, or are missing beside another one."""
    pair = {"api_key_sid", "api_key_secret"}
    if len(pair & fields.keys()) == 1:
        missing = (pair - fields.keys()).pop()
        return {missing: "An API key needs both its SID and its secret."}
    scheme = {name for name in fields if name.startswith("webhook_")} - {"webhook_secret"}
    if scheme and "webhook_secret" not in fields:
        return {"webhook_secret": f"The {min(scheme)} says how this secret is used: send it, too."}
    if fields.get("webhook_scheme") != "hmac":
        for name in sorted(scheme - {"webhook_scheme", "webhook_header"}):
            return {name: "This belongs to webhook_scheme hmac."}
    return {}


def _to_send_again(
    provider: Provider,
    values: Mapping[str, Any],
    fields: Mapping[str, Any],
    stored: Mapping[str, Any],
) -> dict[str, list[str]]:
    """Secrets sent as masks that must be sent in clear.

    Otherwise a caller who cannot read a secret could redirect it to another destination, or add
    a proof of webhooks of their own beside it.
    """
    kept = [name for name in fields if name in provider.secret_names and is_mask(values[name])]
    changed = [name for name in {**fields, **stored} if fields.get(name) != stored.get(name)]
    if moved := [name for name in provider.destination if name in changed]:
        reason = f"the {' and '.join(moved)} changed."
        return {name: [f"Send the {name} again: {reason}"] for name in kept}
    if added := [name for name in provider.proofs if name in fields and name in changed]:
        reason = f"webhooks are checked with the new {added[0]}, too."
        proofs = [name for name in kept if name in provider.proofs]
        return {name: [f"Send the {name} again: {reason}"] for name in proofs}
    return {}


def _field(field: Field, value: Any, stored: Mapping[str, Any] | None) -> Any:
    if isinstance(value, str):
        value = _as_meant(field, value)
        if len(value) > field.max_length:
            raise ValueError(f"At most {field.max_length} characters.")
    if value is None or value == "":
        if not field.required:
            return None
        if field.secret and (stored is None or field.name in stored):
            raise ValueError(
                "Send the secret itself, or the mask it is shown with to keep it."
                if stored
                else "The stored secret cannot be read any more. Send it again."
            )
        raise ValueError("This field is required.")
    if field.secret and is_mask(value):
        return _kept(field, value, stored)
    if field.kind is Kind.PORT:
        return _port(value)
    if not isinstance(value, str):
        raise ValueError("This must be text.")
    return _check(field, value)


def _as_meant(field: Field, value: str) -> str:
    """The text without what copying and pasting adds. A password keeps its blanks, but for line
    ends, which none has."""
    if field.secret and field.kind is Kind.TEXT and not is_mask(value):
        return value.strip("\r\n\t")
    if field.kind is Kind.TEXT:
        return trimmed(value)
    # Vapi's keys are UUIDs, and a document's hyphens may be ones that do not break.
    return trimmed(visible(value)).replace("\u2010", "-").replace("\u2011", "-")


def _kept(field: Field, shown: str, stored: Mapping[str, Any] | None) -> str:
    if stored is None:
        raise ValueError("The stored secret cannot be read any more. Send it again.")
    kept = stored.get(field.name)
    if not isinstance(kept, str) or mask(kept) != shown:
        raise ValueError("This is the mask of another secret. Send the secret itself.")
    return kept


def _port(value: Any) -> int:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # JSON knows one kind of number: 587.0 is 587.
    if not number or not 1 <= value <= 65535 or value != int(value):
        raise ValueError(Kind.PORT.sentence)
    return int(value)


def _check(field: Field, value: str) -> str:
    """The text in its usual form, or ValueError with a sentence."""
    if field.choices and value not in field.choices:
        raise ValueError(f"Choose one of {', '.join(field.choices)}.")
    if field.kind is Kind.SENDER:
        return sender(value)
    try:
        if not re.fullmatch(field.kind.pattern, value):
            raise ValueError
        if field.kind is Kind.EMAIL:
            validate_email(value)
        if field.kind is Kind.HOST and ":" in value:
            return str(ipaddress.IPv6Address(value))
    except (ValueError, ValidationError):
        raise ValueError(field.kind.sentence) from None
    if field.kind is Kind.WEBHOOK_KEY and _COMMON.match(value):
        raise ValueError("Many requests carry this value in a header. Make up a random secret.")
    return value
