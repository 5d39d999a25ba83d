"""Alerts of a drill: a Prometheus of its own with AVA's rules, where the program is installed."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from ava.conf.env import BASE_DIR
from integrations.drill.promises import ALERT

RULES = BASE_DIR / "infrastructure" / "prometheus" / "alerts.yml"
DOWN = "AvaDown"  # until the first scrape
_PATIENCE = 15.0


def is_installed() -> bool:
    return shutil.which("prometheus") is not None and RULES.is_file()


class Alerts:
    """Prometheus that scrapes a target each second; alerts count as soon as they are pending."""

    def __init__(self, target: str) -> None:
        self._target = target
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._listen = f"127.0.0.1:{free.getsockname()[1]}"
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="ava-drill-prometheus-")
        here = Path(self._directory.name)
        # YAML takes JSON.
        config = {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
            },
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": "ava", "static_configs": [{"targets": [self._target]}]}
            ],
        }
        (here / "prometheus.yml").write_text(json.dumps(config))
        self._process = subprocess.Popen(  # noqa: S603 - a program of the operator's, no outside input
            [
                str(shutil.which("prometheus")),
                f"--config.file={here / 'prometheus.yml'}",
                f"--storage.tsdb.path={here / 'data'}",
                f"--web.listen-address={self._listen}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()
        self._process.terminate()
        self._process.wait()
        self._directory.cleanup()

    def wait_for_breaker(self, *, is_open: bool) -> dict[str, str]:
        """Alerts that are pending or firing, once the one about breakers is as it should be."""
        give_up = time.monotonic() + _PATIENCE
        active: dict[str, str] = {}
        while time.monotonic() < give_up:
            try:
                active = self._active()
            except (requests.RequestException, ValueError):
                active = {}  # it is still starting
            else:
                if (ALERT in active) == is_open and DOWN not in active and self._has_scraped():
                    break
            time.sleep(0.2)
        return active

    def _active(self) -> dict[str, str]:
        found = self._ask("alerts")["alerts"]
        return {str(one["labels"]["alertname"]): str(one["state"]) for one in found}

    def _has_scraped(self) -> bool:
        return any(one["health"] == "up" for one in self._ask("targets")["activeTargets"])

    def _ask(self, what: str) -> Any:
        answer = self._session.get(f"http://{self._listen}/api/v1/{what}", timeout=5)
        answer.raise_for_status()
        return answer.json()["data"]
