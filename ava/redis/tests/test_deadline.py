"""One deadline for all there is to do before an answer."""

import time

import pytest

from ava.redis.tests.asking import lost, server

PATIENCE = 0.3


def slowly(*replies, pause):
    def handle(connection):
        with connection:
            connection.recv(65536)
            for reply in replies:
                time.sleep(pause)
                try:
                    connection.sendall(reply)
                except OSError:
                    return

    return handle


def test_a_slow_welcome_and_then_silence_are_one_wait(linked):
    with server(slowly(b"+OK\r\n", b"+OK\r\n", *[b"$1000\r\n"] * 9, pause=0.2)) as port:
        assert lost(linked(f"redis://:pw@127.0.0.1:{port}/1", patience=PATIENCE)) < PATIENCE + 0.25


def test_an_answer_that_trickles_is_one_wait(linked):
    with server(slowly(*[b"$"] + [b"1"] * 30, pause=0.1)) as port:
        assert lost(linked(f"redis://127.0.0.1:{port}", patience=PATIENCE)) < PATIENCE + 0.5


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400\r\n", b":x\r\n", b"*2\r\n:1\r\n?\r\n", b""])
def test_what_is_no_redis_is_a_lost_one(linked, reply):
    with server(slowly(reply, pause=0)) as port:
        assert lost(linked(f"redis://127.0.0.1:{port}", patience=5)) < 5
