"""Supply chain of AVA: licences of its packages, hashes of all of them, no secret in any file."""

import re
import subprocess
from importlib import metadata
from typing import Any

import pytest

from ava.conf.env import BASE_DIR

RUNTIME = BASE_DIR / "requirements.txt"
# Beside AVA's own, which is MIT. LGPL: psycopg, which is imported, not changed.
ALLOWED = re.compile(
    r"\b(MIT(-0)?|BSD(-[23]-Clause)?|Apache(-2\.0)?|Python Software Foundation|PSF-2\.0"
    r"|Mozilla Public License 2\.0|MPL-2\.0|LGPL-3\.0-only)\b"
)
# As those who give them out write them; tests and the sandbox have made-up ones of other shapes.
SECRETS = re.compile(
    r"-----BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/]{60}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60}"
    r"|\bsk_live_[A-Za-z0-9]{20}|\bsk-[A-Za-z0-9]{40}|\bxox[abpr]-[A-Za-z0-9-]{20}"
    r"|\bAIza[A-Za-z0-9_-]{35}\b|\bGOCSPX-[A-Za-z0-9_-]{28}\b|\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20}"
    r"|\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"
)
# For STARTTLS of the sandbox' mail server; it names this machine only.
PLAYED = {"sandbox/smtp/certificate.pem"}


def licence(name: str) -> str:
    about: Any = metadata.metadata(name)
    named = [one for one in about.get_all("Classifier") or () if one.startswith("License ::")]
    return about.get("License-Expression") or "; ".join(named) or about.get("License") or ""


@pytest.mark.parametrize("name", re.findall(r"^([A-Za-z0-9_.-]+)==", RUNTIME.read_text(), re.M))
def test_every_package_has_a_licence_that_goes_with_avas(name: str) -> None:
    try:
        found = licence(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not for this Python")
    assert ALLOWED.search(found), found
    assert not re.search(r"(?<!L)GPL|Affero|Commercial", found.replace("LGPL", "")), found


@pytest.mark.parametrize("what", ["", "-dev", "-bench"])
def test_every_package_is_pinned_with_its_hashes(what: str) -> None:
    text = re.sub(r"#.*", "", (BASE_DIR / f"requirements{what}.txt").read_text())
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_no_file_holds_a_secret_as_providers_write_them() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout of git")
    for name in sorted({*listed.stdout.split("\0")} - PLAYED - {""}):
        path = BASE_DIR / name
        if path.is_file() and not path.is_symlink():
            found = SECRETS.search(path.read_bytes().decode(errors="replace"))
            assert found is None, f"{name} holds {found and found[0][:12]}..."


@pytest.mark.parametrize(
    "text", ["AKIA" + "A" * 16, "ghp_" + "a" * 36, "GOCSPX-" + "a" * 28, "sk_live_" + "a" * 24]
)
def test_a_secret_would_be_found(text: str) -> None:
    assert SECRETS.search(f'KEY = "{text}"')
