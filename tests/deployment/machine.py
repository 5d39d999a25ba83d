"""A Debian machine inside this one: systemd, its services and users, on an overlay of `/`.

What is done in it is gone with it, and its network is its own loopback: the commands of a guide run
as they stand, with their ports and paths.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from ava.conf.env import BASE_DIR

_START_SECONDS = 60
_COMMAND_SECONDS = 120
_CGROUP = Path("/sys/fs/cgroup/systemd")
NEEDS = {
    "/lib/systemd/systemd": "systemd",
    "/usr/sbin/nginx": "nginx-light",
    "/usr/bin/redis-server": "redis-server",
    "/usr/bin/pg_createcluster": "postgresql",
    "/usr/bin/curl": "curl",
    "/usr/sbin/ip": "iproute2",
    "/usr/bin/pgrep": "procps",
}
_BOOT = """
set -e
at=$1
clone=$2
mount -t tmpfs tmpfs "$at"
mkdir "$at/upper" "$at/work" "$at/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$at/upper,workdir=$at/work" "$at/root"
cd "$at/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
# A clone under /tmp stays where it is.
case $clone in /tmp/*)
    mkdir -p ".$clone"
    mount --bind "$clone" ".$clone"
    mount -o remount,bind,ro ".$clone"
esac
mount --rbind /dev dev
mount --bind /dev/null dev/console
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
# With no place for others, it leaves the controllers of this machine's processes alone.
mount -o remount,ro sys/fs/cgroup
ip link set lo up
mkdir run/outside
pivot_root . run/outside
umount -l /run/outside
exec env -i container=ava PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=basic.target
"""


def missing() -> str | None:
    """What keeps such a machine from starting here, with the line that helps; None: nothing."""
    packages = " ".join(package for path, package in NEEDS.items() if not Path(path).exists())
    if packages:
        return f"apt-get install -y --no-install-recommends {packages}"
    if os.geteuid() != 0 or shutil.which("unshare") is None or not _CGROUP.is_dir():
        return "a machine inside this one needs root, unshare and a cgroup hierarchy of systemd's"
    return None


needed = pytest.mark.skipif(missing() is not None, reason=str(missing()))


class Machine:
    """The machine, booted."""

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="ava-machine-"))
        self._group = _CGROUP / self._directory.name
        self._group.mkdir()
        join = f'echo $$ > {self._group}/cgroup.procs; exec "$@"'
        spaces = ["--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup"]
        self._process = subprocess.Popen(
            [
                *("sh", "-c", join, "sh", "unshare", *spaces, "--fork", "--kill-child"),
                *("sh", "-c", _BOOT, "sh", str(self._directory), str(BASE_DIR)),
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + _START_SECONDS
        while not self._is_up():
            assert self._process.poll() is None, "the machine does not boot"
            assert time.monotonic() < give_up, "the machine does not come up"
            time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        give_up = time.monotonic() + _START_SECONDS
        while self._group.exists() and time.monotonic() < give_up:
            # Until the kernel has ended all that was in it.
            groups = [path for path in self._group.rglob("*") if path.is_dir()]
            for group in [*reversed(groups), self._group]:
                try:
                    group.rmdir()
                except OSError:
                    time.sleep(0.05)
        self._directory.rmdir()

    def popen(self, *command: str) -> "subprocess.Popen[str]":
        """A process in the machine, with its output."""
        return subprocess.Popen(
            [*self._enter(), *command],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> str:
        """What this command of root's shell prints; fails when it does."""
        status, output = self._run(command)
        if status:
            _, journal = self._run("journalctl --no-pager --output cat --lines 40")
            raise AssertionError(f"{command}\n{output}\nThe end of the journal:\n{journal}")
        return output

    def _run(self, command: str) -> tuple[int, str]:
        with self.popen("sh", "-ec", command) as process:
            output, _ = process.communicate(timeout=_COMMAND_SECONDS)
        return process.returncode, output

    def _is_up(self) -> bool:
        try:
            self._first = int(
                Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
                .read_text()
                .split()[0]
            )
        except (IndexError, FileNotFoundError):
            return False
        asked = [*self._enter(), "systemctl", "is-active", "--quiet", "basic.target"]
        return subprocess.run(asked, cwd="/", capture_output=True).returncode == 0

    def _enter(self) -> list[str]:
        variables = [
            "HOME=/root",
            "LANG=C.UTF-8",
            "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        enter = ["nsenter", "--target", str(self._first), "--all", "--wdns=/"]
        return [*enter, "env", "-i", *variables]
