"""Into a Redis by password, database number and TLS, as its URL says."""

import ssl

import pytest

from ava.redis.tests.asking import ECHO, answers, lost, server
from tests.redis import RedisServer, patient


@pytest.fixture(scope="module")
def protected():
    with RedisServer() as server:
        server.client.config_set("requirepass", "secret")
        server.client.connection_pool.connection_kwargs["password"] = "secret"
        yield server


@pytest.mark.parametrize(
    ("url", "welcome"),
    [
        ("redis://:secret@127.0.0.1:{}/0", True),
        ("redis://:secret@127.0.0.1:{}/3", True),
        ("redis://default:secret@127.0.0.1:{}", True),
        ("redis://:wrong@127.0.0.1:{}", False),
        ("redis://127.0.0.1:{}", False),
        ("redis://:secret@127.0.0.1:{}/99", False),
    ],
)
def test_credentials_and_database_are_those_of_the_url(protected, client, url, welcome):
    made = client(patient(url.format(protected.port), 5))
    if welcome:
        assert answers(made)
    else:
        lost(made)
        assert made.lost


@pytest.fixture
def port(certificate):
    """A Redis of few words behind TLS: it says OK."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def handle(connection):
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                while wrapped.recv(65536):
                    wrapped.sendall(b"+OK\r\n")
        except OSError:
            pass

    with server(handle) as port:
        yield port


def test_a_certificate_of_the_urls_authority_is_trusted(client, port, certificate):
    made = client(f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}&socket_timeout=5")
    for _ in range(3):
        assert made.run(ECHO, ["k"], ["v"]) == b"OK"
    assert made.losses == 0


@pytest.mark.parametrize("options", ["ssl_check_hostname=True", "ssl_check_hostname=False"])
def test_a_strangers_certificate_is_not(client, port, options):
    lost(client(f"rediss://127.0.0.1:{port}?{options}&socket_timeout=5"))


def test_none_is_asked_for_where_the_url_says_so(client, port):
    made = client(f"rediss://127.0.0.1:{port}?ssl_cert_reqs=none&socket_timeout=5")
    assert made.run(ECHO, ["k"], ["v"]) == b"OK"


def test_a_name_that_is_not_in_it_is_refused(client, port, certificate):
    lost(client(f"rediss://localhost:{port}?ssl_ca_certs={certificate}&socket_timeout=5"))
