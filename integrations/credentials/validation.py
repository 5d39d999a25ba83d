"""Validation of the credentials that a user types in, field by field."""

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ava.http.problems import ValidationFailed
from integrations.credentials.masks import is_mask, mask
from integrations.credentials.providers import Field, Kind, Provider

# Members of what AVA shows; a client may send them back with its changes.
SHOWN_ONLY = frozenset(
    {"provider", "configured", "source", "readable", "updated_at", "warnings", "webhook_url"}
)

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

SHORTEST_WEBHOOK_KEY = 16


def _any_case(text: str) -> str:
    """A pattern for the text in upper and lower case: JSON Schema's patterns know no flags."""
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else c for c in text)


# What proxies, browsers or AVA itself write into every request.
_WRITTEN_BY_OTHERS = (
    "forwarded|original-|real-ip|client-ip|cluster-client-ip|correlation-id|request-id|csrf|xsrf"
    "|requested-with|http-method|method-override|envoy-|amzn-|b3-|cloud-trace-context"
)

# Pattern of the whole text, and the sentence for what does not match.
RULES = {
    Kind.KEY: (r"[!-~]+", "Use printable ASCII characters without spaces."),
    Kind.ACCOUNT_SID: (r"AC[0-9a-fA-F]{32}", "An account SID is AC and 32 hexadecimal digits."),
    Kind.API_KEY_SID: (r"SK[0-9a-fA-F]{32}", "An API key SID is SK and 32 hexadecimal digits."),
    Kind.HOST: (
        rf"{_LABEL}(\.{_LABEL})*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*",
        "Write a host name or an IP address, without scheme and port.",
    ),
    Kind.EMAIL: (r".+@.+", "This is not an e-mail address."),
    Kind.PHONE: (r"\+[0-9 ().-]+", "Write the number in E.164, such as +15005550006."),
    Kind.WEBHOOK_KEY: (
        f"[!-~]{{{SHORTEST_WEBHOOK_KEY},}}",
        f"Use at least {SHORTEST_WEBHOOK_KEY} printable ASCII characters without spaces, better "
        "32 or more.",
    ),
    Kind.HEADER: (
        rf"[Xx]-(?!{_any_case(_WRITTEN_BY_OTHERS)})[A-Za-z0-9-]+|{_any_case('authorization')}",
        "Use Authorization, or a name of letters, digits and hyphens that begins with X- and is "
        "none that proxies or browsers set.",
    ),
    Kind.SIGNED: (
        r"([!-z|~]|\{timestamp\})*\{body\}([!-z|~]|\{timestamp\})*",
        "Write {body} once and {timestamp} where it belongs, without spaces.",
    ),
}
# Values of common headers: media types, products, encodings, what a browser says of itself.
_COMMON = re.compile(
    r"(application|audio|image|multipart|text|video|mozilla|python-requests|keep-alive|gzip"
    r"|deflate|same-origin|same-site|cross-site|no-cache|max-age)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-z_]{1,32}")


def validate(
    provider: Provider, values: Mapping[str, Any], stored: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Fields to store.

    Args:
        values: as the user sent them: the whole, not a change.
        stored: the present fields, secrets in clear; None when they cannot be read.

    Raises: ValidationFailed.
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
    """The value to store, None for none, or ValueError with a sentence."""
    if isinstance(value, str):
        if len(value) > field.max_length:
            raise ValueError(f"At most {field.max_length} characters.")
        if field.kind is not Kind.TEXT:
            value = value.strip()
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
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise ValueError("Control characters are not allowed.")
    return value if field.kind is Kind.TEXT else _check(field, value)


def _kept(field: Field, shown: str, stored: Mapping[str, Any] | None) -> str:
    """The stored secret that this mask shows, or ValueError."""
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
        raise ValueError("A port is a whole number from 1 to 65535.")
    return int(value)


def _check(field: Field, value: str) -> str:
    """The text in its usual form, or ValueError with a sentence."""
    if field.kind is Kind.CHOICE:
        if value not in field.choices:
            raise ValueError(f"Choose one of {', '.join(field.choices)}.")
        return value
    pattern, sentence = RULES[field.kind]
    try:
        if not re.fullmatch(pattern, value):
            raise ValueError
        if field.kind is Kind.EMAIL:
            validate_email(value)
        if field.kind is Kind.HOST and ":" in value:
            return str(ipaddress.IPv6Address(value))
        if field.kind is Kind.PHONE:
            number = phonenumbers.parse(value)
            if not phonenumbers.is_possible_number(number):
                raise ValueError
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except (ValueError, ValidationError, phonenumbers.NumberParseException):
        raise ValueError(sentence) from None
    if field.kind is Kind.WEBHOOK_KEY and _COMMON.match(value):
        raise ValueError("Many requests carry this value in a header. Make up a random secret.")
    return value
