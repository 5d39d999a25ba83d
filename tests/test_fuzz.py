"""The OpenAPI document, fuzzed: nothing but documented answers, and never a 500."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ava.conf.env import BASE_DIR
from tests.server import RunningAva

pytestmark = pytest.mark.slow

CONFIG = BASE_DIR / "tests" / "schemathesis.toml"

# Fuzzed apart, and last: these take away the keys that the others need, and the login.
CREDENTIALS = "/credentials"
LOGOUT = "/api/v1/auth/logout"

MADE_BY_CHANCE = "/auth/tokens|/email/suppressions|/twilio/opt-outs"

# Would really connect to the mail servers that the fuzzer makes up.
SMTP_VERIFY = "/api/v1/integrations/smtp/credentials/verify"

# Takes 5 requests a minute whatever is set, those without a login counted: a missing login is
# answered 429, where one of the checks knows 401 only.
EMAIL_TEST = "/api/v1/integrations/email/test"


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("fuzz") / "var") as running:
        yield running.login()


def run(ava: RunningAva, document: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run schemathesis with all its checks."""
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            f"--config-file={CONFIG}",
            "run",
            str(document),
            f"--url={ava.url}",
            "--header=Authorization: " + str(ava.session.headers["Authorization"]),
            "--checks=all",
            "--seed=1",
            "--max-examples=5",
            "--suppress-health-check=filter_too_much",
            "--no-color",
            *options,
        ],
        cwd=document.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def fuzz(ava: RunningAva, document: Path, *options: str) -> str:
    """What schemathesis says when it finds something."""
    result = run(ava, document, *options)
    if result.returncode == 0:
        return ""
    return "\n".join(line[:500] for line in (result.stdout + result.stderr).splitlines())


@pytest.fixture
def document(ava: RunningAva, tmp_path: Path) -> Path:
    path = tmp_path / "schema.yaml"
    path.write_text(requests.get(f"{ava.url}/api/schema", timeout=30).text)
    return path


def test_fuzzing_finds_no_500_and_no_undocumented_answer(ava: RunningAva, document: Path) -> None:
    for options in (
        [
            f"--exclude-path-regex={CREDENTIALS}",
            f"--exclude-path={LOGOUT}",
            f"--exclude-path={EMAIL_TEST}",
        ],
        [f"--include-path={EMAIL_TEST}", "--exclude-checks=missing_required_header"],
        [f"--include-path-regex={CREDENTIALS}", f"--exclude-path={SMTP_VERIFY}"],
        [f"--include-path={LOGOUT}"],
    ):
        found = fuzz(ava, document, *options)
        assert not found, found
    assert '"exc_type"' not in ava.output()
    assert "Traceback" not in ava.output()
    assert '"status": 500' not in ava.output()


def test_what_was_created_is_found_and_gone_after_it_was_deleted(
    ava: RunningAva, document: Path
) -> None:
    # Links lead from an answer to the next request; elsewhere chance makes nothing that AVA takes.
    # Beside other work a seed may end before it has made one: others are tried.
    covered = 0
    for seed in range(1, 6):
        found = run(
            ava,
            document,
            f"--include-path-regex={MADE_BY_CHANCE}",
            "--phases=stateful",
            "--max-examples=30",
            f"--seed={seed}",
        )
        assert found.returncode == 0, found.stdout
        covered += int(re.findall(r"API Links: +(\d+) covered", found.stdout)[0])
        if covered >= 3:
            return
    raise AssertionError(f"only {covered} links were followed")
