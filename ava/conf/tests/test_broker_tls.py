"""TLS to Celery's broker, up to the handshake with a real listener."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from ava.conf import stores
from tests import certificates


class Broker:
    """Shakes hands, notes whether the client then said something, and hangs up."""

    def __init__(self, certificate: str) -> None:
        self.trusted: list[bool] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """End, when all that came has been met."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._meet(self._listener.accept()[0])

    def _meet(self, plain: socket.socket) -> None:
        with plain:
            try:
                with self._tls.wrap_socket(plain, server_side=True) as sock:
                    self.trusted.append(bool(sock.recv(1)))
            except OSError:
                self.trusted.append(False)


def trusts(certificate: str, scheme: str, host: str, options: str = "") -> bool:
    """Whether a client with this CELERY_BROKER_URL goes on after the handshake."""
    broker = Broker(certificate)
    url, tls = stores.broker(f"{scheme}://{host}:{broker.port}/{options}")
    with Connection(url, ssl=tls, connect_timeout=10) as link, pytest.raises(OperationalError):
        link.ensure_connection(max_retries=1, interval_start=0)
    broker.close()
    assert len(set(broker.trusted)) == 1  # however often it tried
    return broker.trusted[0]


@pytest.fixture(params=["rediss", "amqps"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_brokers_certificate_of_an_unknown_authority_is_refused(
    certificate: str, scheme: str, tmp_path: Path
) -> None:
    assert not trusts(certificate, scheme, "127.0.0.1")
    other = quote(certificates.make(tmp_path))
    assert not trusts(certificate, scheme, "127.0.0.1", f"?ssl_ca_certs={other}")


def test_a_brokers_certificate_of_the_urls_authority_is_trusted_for_its_name_only(
    certificate: str, scheme: str
) -> None:
    own = f"?ssl_ca_certs={quote(certificate)}"
    assert trusts(certificate, scheme, "127.0.0.1", own)
    assert not trusts(certificate, scheme, "localhost", own)


def test_no_certificate_is_asked_for_where_the_url_says_so(certificate: str, scheme: str) -> None:
    assert trusts(certificate, scheme, "127.0.0.1", "?ssl_cert_reqs=none")
