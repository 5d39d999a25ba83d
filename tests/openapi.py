"""docs/openapi.json, the API as other programs read it: `python -m tests.openapi` makes it anew.

What would break a client is named, and stops it unless `--breaking` is said: then it belongs into
CHANGELOG.md, and into the next major version.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def document() -> Any:
    """The present one."""
    from drf_spectacular.generators import SchemaGenerator

    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def released() -> Any:
    return json.loads(PATH.read_text())


def written(made: Any) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.openapi_changes import breaking

    made = document()
    broken = breaking(released(), made) if PATH.exists() else []
    for change in broken:
        sys.stderr.write(f"{change}\n")
    if broken and "--breaking" not in sys.argv:
        sys.stderr.write("Clients would notice. Add --breaking, and say it in CHANGELOG.md.\n")
        return 1
    PATH.write_text(written(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
