"""Addresses: where AVA listens, and where others reach it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
# What listens on all addresses, and how it is reached on this machine.
_ALL: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named, not listened on


def address(values: Mapping[str, Any]) -> str:
    return _http(values["AVA_HOST"], values["AVA_PORT"])


def local_address(values: Mapping[str, Any]) -> str:
    """Address of AVA for people at this machine: "all addresses" is none to connect to."""
    host = values["AVA_HOST"]
    return _http(_ALL.get(host, host), values["AVA_PORT"])


def public_url(values: Mapping[str, Any]) -> str | None:
    """Address for providers, if set; played ones reach AVA on this machine. None: not known."""
    named: str | None = values["AVA_PUBLIC_URL"]
    guessed = values["AVA_SANDBOX"] and values["AVA_ENV"] != "production"
    local = values["AVA_HOST"] in (*_LOOPBACK, *_ALL)
    return named or (local_address(values) if guessed and local else None)


def _http(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
