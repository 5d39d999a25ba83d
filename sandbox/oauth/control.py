"""Orders of `POST /_sandbox/oauth`: what happens to tokens behind an app's back."""

from datetime import timedelta
from typing import Any

from sandbox.control_input import Check, InvalidInputError, one_of, parse_fields, whole
from sandbox.oauth.server import OAuthServer
from sandbox.phones.http_client import is_url

ORDERS = (
    *("expire", "revoke", "rotate", "shorten"),
    *("expire-refresh-tokens", "expire-secret", "register"),
)


def _uris(value: Any) -> str | None:
    fits = isinstance(value, list) and all(isinstance(one, str) and is_url(one) for one in value)
    return None if fits else "must be a list of http URLs"


def apply_order(servers: dict[str, OAuthServer], value: Any) -> dict[str, Any]:
    """Do what an order says, to all tokens that the provider gave out.

    Raises: InvalidInputError.
    """
    fields: dict[str, Check] = {
        "provider": one_of(*servers),
        "do": one_of(*ORDERS),
        "redirect_uris": _uris,
        "seconds": whole(0, 3600),
    }
    order = parse_fields(value, fields, required=("provider", "do"))
    server = servers[order["provider"]]
    if ("redirect_uris" in order) != (order["do"] == "register"):
        raise InvalidInputError("redirect_uris belongs to register, which needs it.")
    if ("seconds" in order) != (order["do"] == "shorten"):
        raise InvalidInputError("seconds belongs to shorten, which needs it.")
    match order["do"]:
        case "expire":
            server.grants.expire()
        case "shorten":
            server.next_lives = timedelta(seconds=order["seconds"])
        case "expire-refresh-tokens":
            server.grants.expire(refresh=True)
        case "revoke":
            server.grants.revoke_account()
        case "rotate":
            server.grants.rotate()
        case "expire-secret":
            server.secret_expired = True
        case "register":
            server.redirect_uris = tuple(order["redirect_uris"])
    return order
