"""Redaction of passwords in addresses and TwiML that are shown to operators."""

import re
from typing import Any

HIDDEN = "[hidden]"

_PLACES = re.compile(
    r"""(?ix)
      (?<=//) [^/?\#\s"'<>]* (?=@)                # https://user:password@host
    | (?<=\bsip:)  [^\s"'<>@:]{0,200} : [^\s"'<>@]{0,200} (?=@)   # sip:user:password@host
    | (?<=\bsips:) [^\s"'<>@:]{0,200} : [^\s"'<>@]{0,200} (?=@)
    | (?<=\bpassword=") [^"]*                     # <Sip username="user" password="...">
    | (?<=\bpassword=') [^']*
    """
)


def without_passwords(value: Any) -> Any:
    """The value with user information of addresses hidden, in texts at any depth."""
    if isinstance(value, str):
        return _PLACES.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {name: without_passwords(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_passwords(each) for each in value]
    return value
