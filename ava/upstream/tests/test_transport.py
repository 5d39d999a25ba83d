"""One session per provider: what goes over the wire, and what is kept."""

import gzip
import ssl
import threading

import pytest

from ava import tenant
from ava.http import correlation
from ava.upstream import ProviderAuthFailed, ProviderUnavailable, ProviderUnreachable
from ava.upstream.tests.conftest import opened, reused
from ava.upstream.tests.wire import OK, answering, status


def test_requests_in_a_row_share_one_connection_and_the_metrics_say_so(serve, make_door):
    wire = serve(answering())
    door = make_door(wire.url)
    for _ in range(200):
        door.send("GET", "/")
    assert (wire.connections, len(wire.requests)) == (1, 200)
    assert (opened(door), reused(door)) == (1, 199)


def test_eight_threads_keep_eight_connections(serve, make_door):
    barrier = threading.Barrier(8, timeout=10)

    def script(line):
        while line.read_request():
            barrier.wait()
            line.send(OK)

    wire = serve(script)
    door = make_door(wire.url)

    def run():
        for _ in range(10):
            door.send("GET", "/")

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wire.connections, len(wire.requests)) == (8, 80)
    assert (opened(door), reused(door)) == (8, 72)


@pytest.mark.parametrize("refused", [None, ssl.SSLCertVerificationError("of another provider")])
def test_a_failure_while_another_one_is_handled_has_a_cause_of_its_own(
    serve, make_door, refused, caplog
):
    def script(line):
        while line.read_request():
            if len(wire.requests) > 1:
                line.reset()
                return
            line.send(status(401))

    wire = serve(script)
    door = make_door(wire.url)

    def renew():
        try:
            door.send("GET", "/")
        except ProviderAuthFailed as problem:
            try:
                raise refused or problem
            except (ssl.SSLCertVerificationError, ProviderAuthFailed):
                door.send("POST", "/token")

    with pytest.raises(ProviderUnreachable):
        renew()
    lines = [record.msg for record in caplog.records if record.name == "ava.upstream"]
    causes = [line["cause"] for line in lines if line["event"] == "provider operation failed"]
    assert causes == ["status 401", "ConnectionError"]


def test_every_attempt_carries_the_correlation_id(serve, make_door):
    wire = serve(answering(status(500)))
    door = make_door(wire.url)
    with correlation.bind("test-12345"), pytest.raises(ProviderUnreachable):
        door.send("GET", "/", headers={"X-Correlation-ID": "forged"})
    assert len(wire.requests) == 3
    for request in wire.requests:
        assert request.count(b"X-Correlation-ID: test-12345\r\n") == 1
        assert b"forged" not in request


def test_a_call_outside_any_request_gets_an_id_of_its_own(serve, make_door):
    wire = serve(answering())
    make_door(wire.url).send("GET", "/")
    assert b"\r\nX-Correlation-ID: " in wire.requests[0]


def test_what_is_sent_is_what_was_asked_for(serve, make_door):
    wire = serve(answering())
    door = make_door(wire.url + "/base/")
    door.send(
        "PATCH",
        "/things/1",
        headers={"Authorization": "Bearer key"},
        params={"q": "a b"},
        json={"name": "Zoë"},
    )
    (request,) = wire.requests
    assert request.startswith(b"PATCH /base/things/1?q=a+b HTTP/1.1\r\n")
    assert b"\r\nUser-Agent: AVA\r\n" in request
    assert b"\r\nAuthorization: Bearer key\r\n" in request
    assert request.endswith(b'{"name": "Zo\\u00eb"}')


def test_cookies_are_not_kept(serve, make_door):
    wire = serve(answering(status(200, "Set-Cookie: session=1; Path=/")))
    door = make_door(wire.url)
    door.send("GET", "/")
    door.send("GET", "/")
    assert b"ookie" not in wire.requests[1]


def test_a_redirect_is_returned_and_the_key_goes_nowhere_else(serve, make_door):
    elsewhere = serve(answering())
    wire = serve(answering(status(302, f"Location: {elsewhere.url}/steal")))
    door = make_door(wire.url)
    answer = door.send("GET", "/", headers={"Authorization": "Bearer key"})
    assert answer.status == 302
    assert elsewhere.connections == 0
    assert len(wire.requests) == 1
    assert door.send("GET", "/").status == 302
    assert wire.connections == 1


def test_a_redirects_endless_body_is_not_read_to_its_end(serve, make_door):
    sent = [0]

    def script(line):
        line.read_request()
        line.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            sent[0] += 0x10000

    with pytest.raises(ProviderUnreachable):
        make_door(serve(script).url, attempts=1, max_body=100_000, deadline=2).send("GET", "/")
    assert sent[0] < 20_000_000  # what the kernel's buffers take, and no more


@pytest.mark.parametrize(("code", "met"), [("200 OK", "closed"), ("502 Bad Gateway", "open")])
def test_accounts_with_longer_answers_than_are_read_open_no_breaker(serve, make_door, code, met):
    """Two tenants could keep it open for all, at will: each adds rows to an account of its own."""
    head = f"HTTP/1.1 {code}\r\nContent-Length: 5000\r\n\r\n".encode()

    def script(line):
        line.read_request()
        line.send(head + b"x" * 5000)

    door = make_door(serve(script).url, attempts=1, max_body=1000)
    for mine in ("eve", "mallory", "eve", "mallory"):
        with tenant.bind(mine), pytest.raises((ProviderUnreachable, ProviderUnavailable)):
            door.send("GET", "/")
    with tenant.bind("ada"):
        assert door.snapshot().state == met


def test_the_environments_proxy_and_netrc_are_ignored(serve, make_door, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login operator password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    wire = serve(answering())
    assert make_door(wire.url).send("GET", "/").status == 200
    assert b"Authorization" not in wire.requests[0]


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_an_answer_that_is_too_long_is_no_answer(serve, make_door, framing):
    def script(line):
        line.read_request()
        if framing == "chunked":
            line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                line.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        length = b"Content-Length: 1000000000\r\n" if framing == "length" else b""
        line.send(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        while True:
            line.send(b"x" * 0x10000)

    with pytest.raises(ProviderUnreachable):
        make_door(serve(script).url, attempts=1).send("GET", "/")


def test_a_packed_answer_is_measured_unpacked(serve, make_door):
    bomb = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    wire = serve(answering(head.encode() + bomb))
    with pytest.raises(ProviderUnreachable):
        make_door(wire.url, attempts=1).send("GET", "/")
    assert b"Accept-Encoding: identity" in wire.requests[0]


GARBAGE = [
    b"\r\n\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    b"\xff\xfe\x00" * 50,
    b"",
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_on_the_wire_is_one_plain_failure(serve, make_door, garbage):
    def script(line):
        line.read_request()
        line.send(garbage)

    door = make_door(serve(script).url, attempts=1)
    with pytest.raises(ProviderUnreachable) as caught:
        door.send("GET", "/")
    assert caught.value.detail == ("Connection to Test Provider failed. Please try again later.")
    assert door.snapshot().failures == 1


def test_a_reset_connection_is_a_failure(serve, make_door):
    def script(line):
        line.read_request()
        line.reset()

    with pytest.raises(ProviderUnreachable):
        make_door(serve(script).url).send("GET", "/")


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": {"Authorization": "Bearer ключ"}},
        {"headers": {"Authorization": "Bearer a\r\nX-Evil: 1"}},
        {"headers": {"Authorization": " \n"}},
        {"auth": ("user", "ключ")},
    ],
)
def test_a_key_that_no_header_can_carry_is_a_wrong_key(serve, make_door, sent):
    wire = serve(answering())
    with pytest.raises(ProviderAuthFailed):
        make_door(wire.url).send("GET", "/", **sent)
    assert wire.requests == []


def test_a_path_cannot_become_another_host(serve, make_door):
    door = make_door(serve(answering()).url)
    with pytest.raises(ValueError, match="slash"):
        door.send("GET", "@evil.test/")
