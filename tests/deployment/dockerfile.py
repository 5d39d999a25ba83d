"""A Dockerfile's instructions, and the steps of a build as root's shell does them."""

import ast
import re
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Self

_COPIED = re.compile(r"(?:--from=(?P<stage>\S+) )?(?P<source>\S+) (?P<target>\S+)")

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The base image's."""


@dataclass
class Image:
    """What the last stage says of the container, and the commands that make it.

    Attributes:
        steps: shell commands, in order; `COPY` of the context is `copy SOURCE TARGET`.
    """

    steps: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    user: str = "0"
    health: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Self:
        image = cls()
        lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        for line in lines.replace("\\\n", " ").splitlines():
            word, _, rest = line.partition(" ")
            if word:
                getattr(image, f"_{word.lower()}")(rest.strip())
        return image

    def _from(self, _: str) -> None:
        self.variables, self.directory, self.user = {}, "/", "0"

    def _workdir(self, path: str) -> None:
        self.directory = path

    def _copy(self, rest: str) -> None:
        copied = _COPIED.fullmatch(rest)
        assert copied, rest
        # All stages are one tree here: what an earlier one made is there.
        if copied["stage"]:
            assert copied["source"] == copied["target"], rest
        else:
            target = PurePosixPath(self.directory) / copied["target"]
            self.steps.append(f"copy {copied['source']} {target}")

    def _run(self, commands: str) -> None:
        set_to = "".join(f"export {name}={value}; " for name, value in self.variables.items())
        self.steps.append(f"mkdir -p {self.directory}; cd {self.directory}; {set_to}{commands}")

    def _env(self, pairs: str) -> None:
        for pair in shlex.split(pairs):
            name, value = pair.split("=", 1)
            self.variables[name] = value.replace("$PATH", _PATH)

    def _user(self, user: str) -> None:
        self.user = user

    def _volume(self, _: str) -> None:
        pass

    _expose = _volume

    def _healthcheck(self, rest: str) -> None:
        self.health = _words(rest.partition("CMD ")[2])

    def _cmd(self, rest: str) -> None:
        self.command = _words(rest)


def _words(form: str) -> list[str]:
    """The exec form, which takes no shell."""
    return [str(word) for word in ast.literal_eval(form)]
