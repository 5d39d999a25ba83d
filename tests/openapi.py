"""docs/openapi.json, the API as other programs read it: `python -m tests.openapi` writes it again,
and the types in examples/frontend that are made of it.

What would break a client of the last release is named, and stops it unless `--breaking` is said:
then it belongs into CHANGELOG.md, word for word, and into the next major version.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
TYPES = PATH.parent.parent / "examples" / "frontend" / "ava.d.ts"


def document() -> Any:
    """The present one."""
    from drf_spectacular.generators import SchemaGenerator

    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def released() -> Any:
    return json.loads(PATH.read_text())


def last_release(repository: Path = PATH.parent.parent) -> Any:
    """The document of the newest tag such as v1.2.0; before the first release the one in docs/."""
    git = ("git", "-C", str(repository))
    newest = ("tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort=-version:refname")
    tags = subprocess.run([*git, *newest], capture_output=True, text=True, check=False)
    if not tags.stdout:
        return json.loads((repository / "docs" / PATH.name).read_text())
    place = f"{tags.stdout.split()[0]}:docs/{PATH.name}"
    return json.loads(subprocess.check_output([*git, "show", place]))


def written(made: Any) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def stamp() -> str:
    """First line of the types: which document they are of."""
    return f"// Of docs/openapi.json, SHA-256 {hashlib.sha256(PATH.read_bytes()).hexdigest()}\n"


def make_types() -> None:
    npx = shutil.which("npx")
    if npx is None:
        sys.stderr.write(f"{TYPES} is out of date: install npm, and run this again.\n")
        return
    command = [npx, "-y", "openapi-typescript@7", str(PATH), "-o", str(TYPES)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    TYPES.write_text(stamp() + TYPES.read_text())


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.openapi_changes import breaking

    made = document()
    broken = breaking(last_release(), made)
    for change in broken:
        sys.stderr.write(f"{change}\n")
    if broken and "--breaking" not in sys.argv:
        sys.stderr.write("Clients would notice. Add --breaking, and these lines to CHANGELOG.md.\n")
        return 1
    PATH.write_text(written(made))
    if not TYPES.read_text().startswith(stamp()):
        make_types()
    return 0


if __name__ == "__main__":
    sys.exit(main())
