"""The image: what it holds, and that the Dockerfile's own steps make an AVA that runs locked in."""

import json
import shlex
from collections.abc import Iterator

import pytest

from ava.conf.env import BASE_DIR
from tests.deployment import image, machine
from tests.deployment.conftest import PACKAGES
from tests.deployment.dockerfile import Image
from tests.deployment.machine import Machine

IMAGE = Image.of((BASE_DIR / "Dockerfile").read_text())
# As infrastructure/compose locks the container in: a root that is read-only, no capability.
LOCKED = ("ProtectSystem=strict", "ReadWritePaths=/var/lib/ava", "CapabilityBoundingSet=",
          "NoNewPrivileges=yes")  # fmt: skip
# The base image, and what asks a registry: Debian's Python, and the packages that are here.
_BASE = f"""
mount --bind {PACKAGES} /mnt
cat >/usr/local/sbin/python <<'END'
#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec /usr/bin/python3 "$@"
/usr/bin/python3 -m venv --without-pip "$3"
site=$(echo "$3"/lib/python3*/site-packages)
echo /mnt >"$site/tests.pth"
# Locked for Python before 3.11.3, which Debian 12 has.
echo 'from asyncio import timeout' >"$site/async_timeout.py"
printf '#!/bin/sh\\ntest -s requirements.txt\\n' >"$3/bin/pip"
chmod +x "$3/bin/pip"
END
chmod +x /usr/local/sbin/python
"""


def test_the_image_holds_what_ava_runs_with_and_nothing_else() -> None:
    held = image.files()
    tops = {path.partition("/")[0] for path in held}
    folders = {"ava", "integrations", "telephony", "vapi_settings", "static", "templates"}
    assert tops == folders | {"manage.py", "requirements.txt", "LICENSE"}
    assert not [path for path in held if "/tests/" in path]


class Container:
    """The image's tree, with the user, the directory and the variables that it runs with."""

    def __init__(self, built: Machine) -> None:
        self._machine = built
        self._variables = {**IMAGE.variables, "PORT": "8003", "AVA_DRAIN_SECONDS": "1"}
        self._variables["AVA_PUBLIC_URL"] = "https://ava.example.com"
        said = self.run("python", "-m", "ava.conf.keyfile", "--env")
        self._variables |= dict(line.split("=", 1) for line in said.split())

    def _start(self, options: str, command: tuple[str, ...]) -> str:
        given = [f"--setenv={name}={value}" for name, value in self._variables.items()]
        given += [f"--property={one}" for one in LOCKED]
        given += [f"--uid={IMAGE.user}", f"--working-directory={IMAGE.directory}"]
        # Through env, which finds a program by the image's PATH.
        line = shlex.join([*given, "/usr/bin/env", *command])
        return self._machine.run(f"systemd-run --quiet {options} {line}")

    def run(self, *command: str) -> str:
        return self._start("--wait --pipe", command)

    def start(self) -> None:
        self._start("--unit=ava --property=Type=exec --remain-after-exit", tuple(IMAGE.command))

    def stop(self) -> str:
        self._machine.run("systemctl kill --signal=TERM ava; sleep 1")
        wait = "while pgrep --uid 10001 >/dev/null; do sleep 0.2; done"
        return self._machine.run(f"{wait}; systemctl show -P Result -P ExecMainStatus ava")


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    with Machine() as built:
        built.run(_BASE)
        for step in IMAGE.steps:
            if step.startswith("copy "):
                _, source, target = step.split()
                copy(built, [*image.files()] if source == "." else [source], target)
            else:
                built.run(step)
        yield Container(built)


def copy(built: Machine, files: list[str], target: str) -> None:
    take = f"tar -c -C {BASE_DIR} --files-from=- | tar -x --no-same-owner -C {target}"
    with built.popen("sh", "-ec", f"mkdir -p {target}; {take}") as process:
        said, _ = process.communicate("\n".join(files))
    assert process.returncode == 0, said


@pytest.mark.slow
@machine.needed
def test_the_dockerfiles_own_steps_make_an_ava_that_is_healthy_on_a_read_only_root(
    container: Container,
) -> None:
    with pytest.raises(AssertionError, match="Read-only file system"):
        container.run("touch", "/tmp/here")  # where else anybody may write
    assert container.run("id", "-u").strip() == "10001"
    container.start()
    healthy = shlex.join(IMAGE.health)
    container.run("sh", "-c", f"for n in $(seq 60); do {healthy} && exit; sleep 1; done; exit 1")
    ready = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8003/readyz').read().decode())"
    assert json.loads(container.run("python", "-c", ready))["checks"]["migrations"] == "ok"
    assert container.stop().split() == ["success", "0"]
