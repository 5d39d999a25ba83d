"""Walk of a request: which files of ours it enters, from URL to socket.

A reader follows these files, so their number may fall, not rise.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient, ForceAuthClientHandler

from ava.conf.env import BASE_DIR
from vapi_settings.conftest import SETTINGS

OURS = tuple(f"{BASE_DIR}/{app}/" for app in ("ava", "integrations", "vapi_settings", "telephony"))
APART = ("/tests/", "/migrations/", "/conftest.py", "/ava/settings.py", "/urls.py")


def walk(ask: Callable[[], Any]) -> list[str]:
    """Our files in the order in which a request enters them first."""
    entered: dict[str, None] = {}

    def enter(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            entered[frame.f_code.co_filename] = None

    sys.setprofile(enter)
    try:
        answer = ask()
    finally:
        sys.setprofile(None)
    assert answer.status_code == 200, answer.content
    files = [file.removeprefix(f"{BASE_DIR}/") for file in entered if file.startswith(OURS)]
    return [file for file in files if not any(part in f"/{file}" for part in APART)]


Ask = Callable[[APIClient, int], Any]
# "A cached read" takes the fast path.
WALKS: dict[str, tuple[Ask, int]] = {
    "a cached read": (lambda api, turn: api.get(SETTINGS), 11),
    "an edit": (lambda api, turn: api.put(f"{SETTINGS}/temperature", {"value": turn / 10}), 31),
    "the overview": (lambda api, turn: api.get("/api/v1/integrations"), 20),
}


@pytest.mark.parametrize("name", WALKS)
def test_a_request_enters_few_files(name: str, ada: APIClient) -> None:
    ask, most = WALKS[name]
    if name != "a cached read":
        from_url_to_socket(ada)
    # What is done once in a process is no part of the walk.
    assert ask(ada, 1).status_code == 200
    files = walk(lambda: ask(ada, 2))
    assert len(files) <= most, "\n".join(files)


def from_url_to_socket(client: APIClient) -> None:
    """Let the client's requests pass Django's handler only."""
    client.handler = ForceAuthClientHandler(enforce_csrf_checks=False)


def test_architecture_lists_the_files_of_an_edit(ada: APIClient) -> None:
    ask, _ = WALKS["an edit"]
    from_url_to_socket(ada)
    assert ask(ada, 1).status_code == 200
    files = walk(lambda: ask(ada, 2))
    text = (BASE_DIR / "docs" / "ARCHITECTURE.md").read_text()
    _, _, section = text.partition("\nThe files that `PUT /vapi/settings/{key}` enters")
    listed = section.partition("\n## ")[0].split("```")[1].split()
    assert sorted(listed) == sorted(files), "\n".join(files)
