import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from ava.conf.env import BASE_DIR
from tests.deployment import guide
from tests.deployment.machine import Machine

GUIDE = (BASE_DIR / "docs" / "DEPLOYMENT.md").read_text()
HOST = "ava.example.com"
PASSWORD = "a password of operators"
SOURCE = "/srv/ava"
GIVEN = ("HOST=", "SOURCE=", "VERSION=", "NEXT=", "NAME=", "PASSWORD=", "apt-get")
# What asks a registry, and a person: done here by what is on this machine.
PACKAGES = Path(sysconfig.get_path("purelib"))
VENV = """\
python3 -m venv --without-pip /opt/ava/%s/.venv
site=$(echo /opt/ava/%s/.venv/lib/python3*/site-packages)
echo /mnt >"$site/tests.pth"
# Locked for Python before 3.11.3, which Debian 12 has.
echo 'from asyncio import timeout' >"$site/async_timeout.py"
"""
PERSON = f"""\
echo 'from django.contrib.auth.models import User
User.objects.create_superuser("admin", "admin@{HOST}", "{PASSWORD}")
print("Superuser created successfully.")' | ava-manage blue shell
"""


class Operator:
    """Root at the machine, with the guide at hand."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.run = machine.run
        self.said: dict[guide.Step, str] = {}

    def follow(self, heading: str, **names: str) -> None:
        """Do these steps, and check what they print."""
        for step in guide.steps(GUIDE, heading):
            said = self.run(self._prelude(names) + self._here(step.commands))
            assert step.is_met_by(said), f"{step.commands}\nprinted\n{said}\ninstead of {step}"

    def _prelude(self, names: dict[str, str]) -> str:
        given = {"HOST": HOST, "SOURCE": f"file://{SOURCE}", "VERSION": "now", "NAME": "admin"}
        given |= {"PASSWORD": PASSWORD, **names}
        return "".join(f"{name}='{value}'\n" for name, value in given.items())

    def _here(self, commands: str) -> str:
        lines: list[str] = []
        for line in commands.splitlines():
            if "python3 -m venv" in line:
                slot = line.split("/")[3]
                lines.append(VENV % (slot, slot))
            elif line == "ava-manage blue createsuperuser":
                lines.append(PERSON)
            # Names are given; packages are there.
            elif not line.startswith(GIVEN):
                lines.append("" if "pip install" in line else line)
        return "\n".join(lines)


@pytest.fixture(scope="session")
def operator() -> Iterator[Operator]:
    """A machine with AVA's code at /srv/ava: tag `now`, this one, and `before`."""
    with Machine() as machine:
        operator = Operator(machine)
        operator.run(_REPOSITORY)
        yield operator


def previous() -> str:
    """The newest commit without the newest migration: its code knows an older database."""
    git = ["git", "-C", str(BASE_DIR), "log", "-1", "--format=%H", "--diff-filter=A"]
    asked = [*git, "--", "*/migrations/0*.py"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return f"{done.stdout.strip()}^"


_REPOSITORY = f"""
# Services with a /tmp of their own see the packages of a clone there, too.
mount --bind {PACKAGES} /mnt
cd {BASE_DIR}
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
mkdir {SOURCE}
git archive {previous()} | tar -x -C {SOURCE}
cd {SOURCE}
git init --quiet
git config user.name test
git config user.email test@example.com
git add --all
git commit --quiet --message before
git tag before
git rm -r --quiet --cached . && rm -rf ./*
(cd {BASE_DIR} && git ls-files -z --cached --others --exclude-standard |
    tar -c --null --files-from=- --ignore-failed-read) | tar -x
git add --all
git commit --quiet --message now
git tag now
"""
