"""Egress settings that most programs know: proxies, and authorities of certificates.

Never for this machine itself, where the sandbox and mock servers listen.
"""

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from requests.utils import should_bypass_proxies

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a host: over a proxy, and the setting that names it; or straight."""

    proxies: dict[str, str] = field(default_factory=dict, repr=False)  # may hold a password
    setting: str = ""


def route(scheme: str, authority: str) -> Route:
    """The way to `authority`, a host with or without its port."""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    setting = next((name for name in names if os.environ.get(name, "").strip()), "")
    if not setting:
        return Route()
    url = f"{scheme}://{authority}"
    parts = urlsplit(url)
    if parts.port is None:  # so that NO_PROXY may name it, too
        url += ":443" if scheme == "https" else ":80"
    if _is_here(parts.hostname or "") or should_bypass_proxies(url, None):
        return Route()
    proxy = os.environ[setting].strip()
    return Route({scheme: proxy if "://" in proxy else f"http://{proxy}"}, setting)


def authorities() -> str | None:
    """File or directory of the certificate authorities to trust; None: the usual ones."""
    return next((os.environ[name] for name in _BUNDLES if os.environ.get(name)), None)


def tls() -> ssl.SSLContext:
    """TLS for a server that is not asked over HTTP: with OpenSSL's own authorities, too.

    In sandbox mode its mail server is trusted.
    """
    context = ssl.create_default_context()
    if settings.SANDBOX:
        context.load_verify_locations(settings.SANDBOX_CERTIFICATE)
    if path := authorities():
        is_directory = os.path.isdir(path)
        context.load_verify_locations(**{"capath" if is_directory else "cafile": path})
    return context


def faults(environment: Mapping[str, str]) -> Iterator[str]:
    """Faults of the settings, a sentence each; never with a password."""
    for name in _PROXIES:
        value = environment.get(name, "").strip()
        if value and not _is_proxy(value):
            yield (
                f"{name} must be a proxy such as http://user:password@proxy.example.com:3128; "
                "AVA speaks HTTP to it, neither TLS nor SOCKS."
            )
    for name in _BUNDLES:
        if path := environment.get(name):
            try:
                _load(path)
            except OSError as fault:
                no_file = not isinstance(fault, ssl.SSLError)
                reason = str(fault.strerror).lower() if no_file else "no certificate in it"
                yield f"{name} is {path}, which cannot be used: {reason}."


def _load(path: str) -> None:
    if os.path.isdir(path):
        os.listdir(path)
    else:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)


def _is_proxy(value: str) -> bool:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
