"""Steps of a guide: commands, and what they must print."""

import re
import textwrap
from dataclasses import dataclass

_BLOCK = re.compile(r"^( *)(?:1\. )?```(sh|text)\n(.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Step:
    """Commands of a root's shell, and what they must print; `...` stands for anything."""

    commands: str
    printed: str | None = None

    def is_met_by(self, output: str) -> bool:
        if self.printed is None:
            return True
        pieces = [re.escape(piece) for piece in self.printed.split("...")]
        return re.fullmatch(".*".join(pieces), output.strip(), re.S) is not None


def steps(text: str, heading: str) -> list[Step]:
    """The steps below this heading of a page."""
    [section] = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.M | re.S)
    found: list[Step] = []
    for _, kind, block in _BLOCK.findall(section):
        content = textwrap.dedent(block).strip()
        if kind == "sh":
            found.append(Step(content))
        else:
            found[-1] = Step(found[-1].commands, content)
    assert found, f"no steps below {heading}"
    return found
