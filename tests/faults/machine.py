"""The machine below AVA: a small disk, a clock that can be set, a name server that can fail.

Each needs something of the real machine; where it is not there, `lacks` says so.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROVIDERS = "sandbox.localhost"
"""The name by which AVA knows its providers."""
_DISK = "400m"
_RESOLVER = "127.9.9.9"
_KNOWN = f"127.0.0.1 localhost {PROVIDERS}\n"
_UNKNOWN = "127.0.0.1 localhost\n"
_MOUNTS = 'mount --bind "$1" /etc/hosts; mount --bind "$2" /etc/resolv.conf; shift 2; exec "$@"'


class Machine:
    """What AVA's processes take for their machine.

    Attributes:
        disk: a directory; on a disk of its own where that is possible.
        lacks: what cannot fail here, with the reason.
    """

    def __init__(self, directory: Path) -> None:
        self.disk = directory / "disk"
        self._clock = directory / "clock"
        self._hosts, self._resolv = directory / "hosts", directory / "resolv.conf"
        self.lacks: dict[str, str] = {}
        self.disk.mkdir()
        directory.chmod(0o711)  # PostgreSQL has a user of its own
        if os.geteuid() != 0:
            self.lacks["disk"] = self.lacks["names"] = "only root may mount"

    def __enter__(self) -> "Machine":
        self.set_clock(0)
        self._hosts.write_text(_KNOWN)
        self._resolv.write_text(f"nameserver {_RESOLVER}\n")
        if "disk" not in self.lacks:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=755", "tmpfs", self.disk]
            subprocess.run(mount, check=True)
        return self

    def __exit__(self, *_: object) -> None:
        if "disk" not in self.lacks:
            subprocess.run(["umount", "--lazy", self.disk], check=True)

    @property
    def wrapper(self) -> tuple[str, ...]:
        """A command that runs another one with names of its own."""
        if "names" in self.lacks:
            return ()
        own = ("unshare", "--mount", "sh", "-ec", _MOUNTS, "sh")
        return (*own, str(self._hosts), str(self._resolv))

    @property
    def hook(self) -> str:
        """Python for processes that go by its clock."""
        return f"from tests.faults import clock\nclock.follow({str(self._clock)!r})\n"

    def set_clock(self, seconds: int) -> None:
        """Let it be so many seconds fast; time that is only measured goes on as before."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self._clock)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Not a byte is left."""
        ballast = self.disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(65536)):
                pass
        try:
            yield
        finally:
            ballast.unlink()

    @contextmanager
    def silent_resolver(self) -> Iterator[None]:
        """The providers' name leads nowhere, and the name server does not answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((_RESOLVER, 53))
            self._hosts.write_text(_UNKNOWN)
            try:
                yield
            finally:
                self._hosts.write_text(_KNOWN)
