"""Every way a provider can keep us waiting ends at the deadline, over TCP and over TLS."""

import socket
import ssl
import threading
import time

import pytest

from ava.upstream import ProviderUnreachable
from ava.upstream.tests.wire import OK, answering

# The faults below last far longer than the deadline; the margin is for a busy machine.
DEADLINE = 0.3
MARGIN = 2.5

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


def drips_the_head(line):
    line.read_request()
    line.drip(HEAD, 0.25)


def drips_the_body(line):
    line.read_request()
    line.send(HEAD)
    line.drip(b"x" * 100, 0.25)


def drips_a_body_without_a_length(line):
    line.read_request()
    line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    line.drip(b"1" * 100, 0.25)


def drips_chunks(line):
    line.read_request()
    line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        line.drip(b"1\r\nx\r\n", 0.05)


def drips_informational_answers(line):
    line.read_request()
    for _ in range(100):
        line.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)


def never_answers(line):
    line.read_request()
    line.hang()


def never_reads(line):
    time.sleep(5)


KEEPERS = [
    drips_the_head,
    drips_the_body,
    drips_a_body_without_a_length,
    drips_chunks,
    drips_informational_answers,
    never_answers,
    never_reads,
]


def ends_in_time(door, **kwargs):
    started = time.monotonic()
    with pytest.raises(ProviderUnreachable) as caught:
        door.send("GET", "/", **kwargs)
    assert time.monotonic() - started < DEADLINE + MARGIN
    return caught.value


@pytest.mark.parametrize("script", KEEPERS)
def test_it_ends_at_the_deadline_over_tcp(serve, make_door, script):
    door = make_door(serve(script).url, deadline=DEADLINE)
    assert not ends_in_time(door).unsent


@pytest.mark.parametrize("script", KEEPERS)
def test_it_ends_at_the_deadline_over_tls(serve, make_door, trusted, script):
    door = make_door(serve(script, tls=trusted).url, deadline=DEADLINE)
    assert not ends_in_time(door).unsent


def test_it_ends_at_the_deadline_on_a_kept_connection(serve, make_door):
    def script(line):
        line.read_request()
        line.send(OK)
        drips_the_body(line)

    wire = serve(script)
    door = make_door(wire.url, deadline=DEADLINE)
    assert door.send("GET", "/").status == 200
    ends_in_time(door)
    assert wire.connections == 1


def test_a_large_request_body_that_is_not_read_ends_at_the_deadline(serve, make_door):
    door = make_door(serve(never_reads).url, deadline=DEADLINE)
    ends_in_time(door, data=b"x" * 20_000_000)


@pytest.mark.parametrize("secure", [False, True])
def test_a_large_request_body_that_is_read_drop_by_drop_ends_at_the_deadline(
    serve, make_door, trusted, secure
):
    wire = serve(lambda line: line.sip(), tls=trusted if secure else None)
    door = make_door(wire.url, deadline=DEADLINE)
    ends_in_time(door, data=b"x" * 20_000_000)


def drip_forever(listener):
    """Accept, and answer the TLS greeting a byte at a time with a record that never fills."""
    sock, _ = listener.accept()
    with sock:
        sock.settimeout(5)
        try:
            sock.sendall(b"\x16\x03\x03\x3f\xff")
            while True:
                sock.sendall(b"\x02")
                time.sleep(0.05)
        except OSError:
            return


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_tls_handshake_that_never_ends_ends_at_the_deadline(make_door, behaviour):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if behaviour == "drip":
            threading.Thread(target=drip_forever, args=(listener,), daemon=True).start()
        door = make_door(f"https://127.0.0.1:{listener.getsockname()[1]}", deadline=DEADLINE)
        assert ends_in_time(door).unsent


def test_a_connection_that_is_not_accepted_ends_at_the_deadline(make_door):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = []
        for _ in range(4):  # the queue is full once these are in it
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            fillers.append(filler)
        door = make_door(f"http://127.0.0.1:{address[1]}", deadline=DEADLINE)
        assert ends_in_time(door).unsent
        for filler in fillers:
            filler.close()


def test_several_dead_addresses_share_one_deadline(make_door, monkeypatch):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        dead = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args: [dead] * 20)
        door = make_door(
            f"http://provider.test:{port}", deadline=DEADLINE, connect_timeout=0.2, attempts=20
        )
        ends_in_time(door)
        for filler in fillers:
            filler.close()


def test_the_second_address_is_tried_when_the_first_is_dead(serve, make_door, monkeypatch):
    port = serve(answering()).port
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", number)) for number in (1, port)
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: addresses)
    assert make_door("http://provider.test", attempts=1).send("GET", "/").status == 200


def test_a_good_certificate_is_accepted_and_the_connection_kept(serve, make_door, trusted):
    wire = serve(answering(), tls=trusted)
    door = make_door(wire.url)
    for _ in range(3):
        assert door.send("GET", "/").json() == {}
    assert wire.connections == 1


def test_an_unknown_certificate_is_refused_before_anything_is_sent(serve, make_door, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    wire = serve(answering(), tls=context)
    with pytest.raises(ProviderUnreachable) as caught:
        make_door(wire.url).send("POST", "/", headers={"Authorization": "Bearer key"})
    assert caught.value.unsent
    assert wire.requests == []


def test_a_deadline_that_passes_later_leaves_the_kept_connection_alone(serve, make_door):
    wire = serve(answering())
    door = make_door(wire.url)
    door.send("GET", "/", deadline=0.2)
    time.sleep(0.4)
    door.send("GET", "/")
    assert wire.connections == 1
