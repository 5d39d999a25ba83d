"""Guard against requests from web pages in the developer's browser.

Any page can send requests to 127.0.0.1, and the sandbox's keys are public. Browsers give
it away: by `Host` where a page's own name was pointed at this machine (DNS rebinding), else by
`Origin` and `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/). Programs send neither.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from sandbox.phones.http_client import is_loopback
from sandbox.wire import Headers

FOREIGN_SITES = ("cross-site", "same-site")


def rejection(
    method: str, headers: Headers, hosts: Collection[str], *, ours: Collection[str], control: bool
) -> str | None:
    """Reason why a request is refused, in a sentence; None where it is served.

    Args:
        hosts: `Host`, and the host of an absolute target.
        ours: names and addresses that the sandbox listens on, beside those of this machine.
        control: whether it is for the control plane. Elsewhere a link on a page may lead here.
    """
    for host in hosts:
        if not _is_ours(host, ours):
            return (
                f"The sandbox is not {host[:100]}: use 127.0.0.1, localhost or the address that it "
                "listens on."
            )
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in [f"http://{host}".lower() for host in hosts]:
        return "The sandbox takes no requests from pages of other origins."
    if headers.get("sec-fetch-site") in FOREIGN_SITES:
        followed = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
        if control or not followed:
            return "The sandbox takes no requests from pages of other sites."
    return None


def _is_ours(host: str, ours: Collection[str]) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return False
    return is_loopback(name) or _plain(name) in [_plain(one) for one in ours]


def _plain(host: str) -> str:
    """A name in lower case; an IPv4 address as itself also where a socket for both maps it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower()
    return str(getattr(address, "ipv4_mapped", None) or address)
