"""A mail server of a few lines, over real sockets, that lets in one user."""

import base64
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "ada", "planted-smtp-password"


@dataclass
class MailServer:
    """What arrives is kept in `lines`; `behaviour` may replace the conversation."""

    certificate: Path
    tls: bool = False
    starttls: bool = False
    greeting: bytes = b"220 mail.test ready\r\n"
    refusal: bytes = b"535 5.7.8 Authentication credentials invalid"
    behaviour: Callable[[socket.socket], None] | None = None
    lines: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @contextlib.contextmanager
    def running(self) -> Iterator["MailServer"]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            yield self
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            if self.behaviour is not None:
                self.behaviour(peer)
                return
            if self.tls:
                with self._wrap(peer) as inside:
                    self._talk(inside, starttls=False)
            else:
                self._talk(peer, starttls=self.starttls)

    def _wrap(self, peer: socket.socket) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context.wrap_socket(peer, server_side=True)

    def _talk(self, peer: socket.socket, *, starttls: bool, greet: bool = True) -> None:
        if greet:
            peer.sendall(self.greeting)
        for line in iter(peer.makefile("rb").readline, b""):
            text = line.decode().strip()
            self.lines.append(text)
            verb = text.split()[0].upper()
            if verb == "EHLO":
                offers = b"250-mail.test\r\n" + (b"250-STARTTLS\r\n" if starttls else b"")
                peer.sendall(offers + b"250 AUTH PLAIN\r\n")
            elif verb == "STARTTLS":
                peer.sendall(b"220 go ahead\r\n")
                with self._wrap(peer) as inside:
                    self._talk(inside, starttls=False, greet=False)
                return
            elif verb == "AUTH":
                given = base64.b64decode(text.split()[2]).decode()
                good = given == f"\0{USER}\0{PASSWORD}"
                peer.sendall((b"235 welcome" if good else self.refusal) + b"\r\n")
            elif verb == "QUIT":
                peer.sendall(b"221 bye\r\n")
                return
            else:
                peer.sendall(b"250 ok\r\n")


def certify(folder: Path, *names: str) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.2")))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def drip(peer: socket.socket) -> None:
    """A byte now and then, and never a whole line."""
    while True:
        peer.sendall(b"2")
        time.sleep(0.05)


def hang(peer: socket.socket) -> None:
    """Nothing at all, until the other side leaves."""
    peer.recv(1)


def challenge(peer: socket.socket) -> None:
    """Ask for CRAM-MD5 (RFC 2195), with a challenge that is not base64."""
    peer.sendall(b"220 mail.test ready\r\n")
    peer.recv(1024)
    peer.sendall(b"250-mail.test\r\n250 AUTH CRAM-MD5\r\n")
    peer.recv(1024)
    peer.sendall(b"334 A\r\n")
    hang(peer)


def babble(peer: socket.socket) -> None:
    """What no mail server says."""
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
