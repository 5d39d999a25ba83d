"""Signature of Twilio's webhooks (twilio.com/docs/usage/webhooks/webhooks-security).

`X-Twilio-Signature` is the base64 of an HMAC-SHA1, keyed with the account's auth token (whatever
key the REST calls use), over the full address and, for a form, each name and value in the order of
the names. Any other body is bound by `bodySHA256` in the signed address. Pure.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from ava.inbound.signatures import digest_matches, hmac_of, secret_matches

HEADER = "X-Twilio-Signature"
BODY_DIGEST = "bodySHA256"

Pairs = Sequence[tuple[str, str]]


def sign(token: str, url: str, form: Pairs = ()) -> str:
    """The signature of a form sent to this address."""
    return sign_text(token, url + joined(form))


def joined(form: Pairs) -> str:
    """The signed text of a form; of a repeated name each value counts once."""
    return "".join(name + value for name, value in sorted(set(form)))


def sign_text(token: str, text: str) -> str:
    """The signature of an address with what is joined of a form."""
    return hmac_of(text.encode(), secret=token.encode(), algorithm="sha1", encoding="base64")


def is_signed(
    given: str | None, *, tokens: Sequence[str], urls: Sequence[str], form: Pairs, raw: bytes
) -> bool:
    """Whether it was signed with one of these tokens, for one of these addresses, over this body,
    the `form` of which is empty unless it is one."""
    fields = joined(form)
    made = [
        sign_text(token, url + fields)
        for url in urls
        if not raw or form or digest_matches(_digest(url), raw)
        for token in tokens
        if token
    ]
    return secret_matches(given, made)


def _digest(url: str) -> str | None:
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    found = [value for name, value in query if name == BODY_DIGEST]
    # Of several it is open which one Twilio made.
    return found[0] if len(found) == 1 else None
