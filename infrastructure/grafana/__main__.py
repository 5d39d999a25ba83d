"""JSON of the dashboards, written by `python -m infrastructure.grafana [DIRECTORY]`."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from infrastructure.grafana import circuit_breaker_health, error_analytics, performance_metrics

DIRECTORY = Path(__file__).parent / "dashboards"
_MODULES = (circuit_breaker_health, error_analytics, performance_metrics)


def generate() -> dict[str, str]:
    """The files: name to content."""
    return {
        f"{module.__name__.rpartition('.')[2]}.json": json.dumps(
            _numbered(module.make().build().to_json()), cls=JSONEncoder, indent=2, sort_keys=True
        )
        + "\n"
        for module in _MODULES
    }


def _numbered(dashboard: dict[str, object]) -> dict[str, object]:
    """With IDs of panels, by which links and alerts name them."""
    panels = dashboard["panels"]
    assert isinstance(panels, list)  # noqa: S101 - narrows the type
    for number, panel in enumerate(panels, start=1):
        panel.id = number
    return dashboard


def main(directory: Path) -> None:
    for name, content in generate().items():
        (directory / name).write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
