"""A proxy in front of a server, which makes it slow."""

import contextlib
import socket
import threading
import time


class SlowProxy:
    """Passes everything on, and holds each answer back for a while.

    Attributes:
        seconds: for which it does so.
        answers: how many it has passed on.
    """

    def __init__(self, port: int) -> None:
        self.seconds = 0.0
        self.answers = 0
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "SlowProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pair in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError), one, other:
            while came := one.recv(65536):
                if is_answer:
                    self.answers += 1
                    time.sleep(self.seconds)
                other.sendall(came)
