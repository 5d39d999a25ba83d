"""Tables on standard output and in the documentation, and the versions that figures depend on."""

import platform
from importlib.metadata import version
from pathlib import Path


def versions(*packages: str) -> str:
    """One line: Python, the machine's architecture, and each package."""
    found = [f"Python {platform.python_version()}", platform.machine()]
    return ", ".join(found + [f"{package} {version(package)}" for package in packages])


def fill(page: Path, mark: str, text: str) -> None:
    """Put it into the page between `<!-- mark -->` and `<!-- /mark -->`, in place of the last."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, _, rest = page.read_text().partition(begin)
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")


def show(title: str, rows: list[tuple[str, str]]) -> None:
    """A title and aligned rows of name and figure."""
    width = max(len(name) for name, _ in rows)
    print(title)
    for name, figure in rows:
        print(f"  {name:<{width}}  {figure:>12}")
    print()
