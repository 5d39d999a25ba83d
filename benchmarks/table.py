"""Tables on standard output, and the versions that figures depend on."""

import platform
from importlib.metadata import version


def versions(*packages: str) -> str:
    """One line: Python, the machine's architecture, and each package."""
    found = [f"Python {platform.python_version()}", platform.machine()]
    return ", ".join(found + [f"{package} {version(package)}" for package in packages])


def show(title: str, rows: list[tuple[str, str]]) -> None:
    """A title and aligned rows of name and figure."""
    width = max(len(name) for name, _ in rows)
    print(title)
    for name, figure in rows:
        print(f"  {name:<{width}}  {figure:>12}")
    print()
