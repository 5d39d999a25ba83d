"""Addresses of AVA and of its providers, from the values of `ava.conf.env`."""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit

OWN_PORTS = {"http": 80, "https": 443}

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# What listens on all addresses, and how it is reached on this machine.
_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named, not listened on


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
    return f"http://{host_in_url(host)}:{port}"


def host_in_url(host: str) -> str:
    """A host as browsers send it: an IPv6 address in brackets and in its short form."""
    try:
        return f"[{IPv6Address(host).compressed}]"
    except ValueError:
        return host


def origin(url: str) -> str:
    """The origin of an address as browsers send it, with a port that is not the scheme's own."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, OWN_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host_in_url(parts.hostname or '')}{port}"


def allowed_hosts(values: Mapping[str, Any]) -> list[str]:
    """Host names that AVA answers to: ALLOWED_HOSTS, or those of this machine and of its URL."""
    public = urlsplit(public_url(values) or "").hostname
    return values["ALLOWED_HOSTS"] or [
        "localhost",
        "127.0.0.1",
        "[::1]",
        *(host_in_url(host) for host in (values["AVA_HOST"], public) if host),
    ]


def base_url(provider: str, real: str, values: Mapping[str, Any]) -> str:
    """Base URL of a provider: the operator's, else the sandbox's where that plays it."""
    played = f"http://127.0.0.1:{values['AVA_SANDBOX_PORT']}/{provider}"
    override: str | None = values[f"{provider.upper()}_BASE_URL"]
    return override or (played if values["AVA_SANDBOX"] else real)
