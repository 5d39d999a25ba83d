"""Env file, read as Docker Compose and dotenv read it; what is no setting is refused by its line.

Nothing is put in for `$NAME`: passwords have dollar signs.
"""

import re
from pathlib import Path

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_COMMENT = re.compile(r"(?:^|\s)#.*")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def read(path: Path) -> dict[str, str]:
    """The file's settings by name; of a name that stands there twice the last.

    Raises:
        ValueError: it cannot be read. `str()` names lines by number, and no value.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as fault:
        raise ValueError(f"{path} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8.") from None
    settings: dict[str, str] = {}
    faults: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            name, value = _setting(stripped)
            settings[name] = value
        except ValueError as fault:
            faults.append(f"{path}, line {number}: {fault}.")
    if faults:
        raise ValueError("\n".join(faults))
    return settings


def _setting(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None or "\0" in line:
        raise ValueError("not NAME=value")
    name, raw = found.groups()
    if raw.startswith("'"):
        if quoted := _SINGLE.fullmatch(raw):
            return name, quoted[1]
    elif raw.startswith('"'):
        if quoted := _DOUBLE.fullmatch(raw):
            return name, re.sub(r"\\(.)", _unescaped, quoted[1])
    else:
        return name, _COMMENT.sub("", raw).strip()
    raise ValueError(f"the quotes of {name} do not end, or something stands behind them")


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[1], found[0])
