"""A real Prometheus that scrapes a running AVA every second, and is asked like Grafana asks it."""

import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
import yaml

from tests import promtool
from tests.ports import free_port

_START_SECONDS = 60
TOKEN = "a token for the scrape"


class Prometheus:
    """Prometheus with one target of the job `ava`, and rules.

    Args:
        target: host and port.
        rules: a file.
    """

    def __init__(self, target: str, rules: Path) -> None:
        self._program = promtool.path_of("prometheus")
        self._directory = tempfile.TemporaryDirectory(prefix="ava-prometheus-")
        self._target, self._rules = target, rules
        port = free_port()
        self._listen = f"127.0.0.1:{port}"
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        here = Path(self._directory.name)
        (here / "token").write_text(TOKEN)
        scraped = {
            "job_name": "ava",
            "static_configs": [{"targets": [self._target]}],
            "authorization": {"credentials_file": str(here / "token")},
        }
        config = {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
            },
            "rule_files": [str(self._rules)],
            "scrape_configs": [scraped],
        }
        (here / "prometheus.yml").write_text(yaml.safe_dump(config))
        with (here / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={here / 'prometheus.yml'}",
                    f"--storage.tsdb.path={here / 'data'}",
                    f"--web.listen-address={self._listen}",
                ],
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            said = (here / "log").read_text()
            assert self._process.poll() is None, said
            assert time.monotonic() < give_up, said
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._directory.cleanup()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now."""
        answer = requests.post(
            f"{self.url}/api/v1/query", data={"query": expression}, timeout=30
        ).json()
        assert answer["status"] == "success", (expression, answer)
        data = answer["data"]
        if data["resultType"] == "scalar":
            return [{"metric": {}, "value": data["result"]}]
        return list(data["result"])

    def values(self, expression: str) -> list[float]:
        return [float(series["value"][1]) for series in self.query(expression)]

    def value(self, expression: str) -> float:
        [value] = self.values(expression)
        return value

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=1).ok
        except requests.RequestException:
            return False
