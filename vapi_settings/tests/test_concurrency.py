"""Many at once, in threads and in processes: nothing is lost, and history is true."""

import itertools
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from ava.cache import recent
from conftest import client_of
from tests import database
from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS
from vapi_settings.models import AssistantLease, Revision

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WAIT = 30  # seconds; after that something hangs


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    """Without Redis another process may take a second to be seen; here it is seen at once."""
    monkeypatch.setattr(recent, "SECONDS", 0.0)


@pytest.fixture
def at_once(ada, user):
    """Runs functions in threads of their own, each with a REST client; their results."""

    def at_once(*functions):
        clients = [client_of(user) for _ in functions]

        def run(function, client):
            try:
                return function(client)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(functions)) as pool:
            runs = [pool.submit(run, *it) for it in zip(functions, clients, strict=True)]
            return [each.result(WAIT) for each in runs]

    return at_once


def puts(key, value):
    return lambda client: client.put(f"{SETTINGS}/{key}", {"value": value}, format="json")


def test_edits_of_neighbouring_fields_at_once_all_hold(at_once, ada, vapi):
    """Both live in `model`, which each change sends whole."""
    vapi.sandbox.faults.add("vapi", "slow", delay_ms=40)
    for number in range(1, 3):
        temperature, tokens = round(number / 10, 1), 100 + number
        answers = at_once(puts("temperature", temperature), puts("max_tokens", tokens))
        assert [answer.status_code for answer in answers] == [200, 200]
        model = vapi.document()["model"]
        assert (model["temperature"], model["maxTokens"]) == (temperature, tokens)


def test_of_a_crowd_each_edit_holds_or_is_refused_and_history_is_a_chain(at_once, ada, vapi):
    ada.get(SETTINGS)
    answers = at_once(*(puts("max_tokens", 300 + number) for number in range(8)))
    outcomes = [answer.status_code for answer in answers]
    assert set(outcomes) <= {200, 409}
    assert outcomes.count(200) == len(vapi.patches) >= 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "edit_in_progress"
            assert int(answer["Retry-After"]) >= 1
    rows = ada.get(f"{SETTINGS}/max_tokens/history").json()["results"]
    assert len(rows) == outcomes.count(200) + 1
    for newer, older in itertools.pairwise(rows):
        assert newer["before"] == older["after"]
    assert rows[0]["after"] == vapi.document()["model"]["maxTokens"]
    assert not any(row["drift"] for row in rows)


def test_of_two_edits_with_one_etag_only_one_holds(at_once, ada, vapi):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]

    def put(value):
        return lambda client: client.put(
            f"{SETTINGS}/temperature", {"value": value}, format="json", HTTP_IF_MATCH=tag
        )

    answers = at_once(put(0.1), put(0.2))
    assert sorted(answer.status_code for answer in answers) == [200, 412]


def test_concurrent_first_reads_ask_vapi_once(at_once, vapi):
    vapi.sandbox.faults.add("vapi", "slow", delay_ms=150)
    answers = at_once(*[lambda client: client.get(SETTINGS)] * 20)
    assert [answer.status_code for answer in answers] == [200] * 20
    assert vapi.asked == ["GET /assistant"]
    assert Revision.objects.filter(key="temperature").count() == 1


def test_two_reads_that_see_the_same_change_write_it_down_once(at_once, ada, vapi):
    ada.get(SETTINGS)
    for number in range(5):
        vapi.change(firstMessage=f"From the dashboard, {number}")
        at_once(*[lambda client: client.get(SETTINGS, **NO_CACHE)] * 4)
    rows = Revision.objects.filter(key="greeting_message").order_by("number")
    assert [row.source for row in rows] == ["found"] + ["vapi"] * 5
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]


def test_readers_beside_a_writer_neither_go_back_nor_cry_drift(at_once, ada, vapi):
    ada.get(SETTINGS)
    done = Event()

    def write(client):
        try:
            return [puts("max_tokens", 100 + n)(client).status_code for n in range(1, 16)]
        finally:
            done.set()

    def read(client):
        seen = []
        while not done.is_set():
            headers = NO_CACHE if len(seen) % 2 else {}
            answer = client.get(f"{SETTINGS}/max_tokens", **headers)
            seen.append(answer.json()["setting"]["value"])
        return seen

    written, *seen = at_once(write, read, read, read)
    assert written == [200] * 15
    for values in seen:
        values = [value for value in values if value != 250]
        assert values == sorted(values)
    assert not Revision.objects.filter(source="vapi").exists()
    assert Revision.objects.filter(status="confirmed", key="max_tokens").count() == 16


class Editor:
    """`vapi_settings.tests.editor` in a process of its own, on this test's database."""

    def __init__(self, user, *changes):
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ava.settings",
            "DATABASE_URL": database.url(),
            "VAPI_BASE_URL": django_settings.VAPI_BASE_URL,
        }
        arguments = [json.dumps(it) if at % 2 else it for at, it in enumerate(changes)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vapi_settings.tests.editor", str(user.pk), *arguments],
            cwd=django_settings.BASE_DIR,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait(WAIT)
        self.process.stdin.close()
        self.process.stdout.close()

    def is_ready(self):
        assert self.process.stdout.readline() == "ready\n"

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def outcomes(self):
        return json.loads(self.process.stdout.readline())


def test_edits_from_several_processes_lose_nothing(ada, user, vapi, history):
    changes = {
        "first": ("temperature", 0.1, "a", 1, "voice_speed", 0.9),
        "second": ("max_tokens", 111, "b", 2, "greeting_message", "Two"),
    }
    with Editor(user, *changes["first"]) as first, Editor(user, *changes["second"]) as second:
        for editor in (first, second):
            editor.is_ready()
        for editor in (first, second):
            editor.go()
        made = {
            key: (outcome, value)
            for editor, it in ((first, changes["first"]), (second, changes["second"]))
            for outcome, key, value in zip(editor.outcomes(), it[::2], it[1::2], strict=True)
        }
    assert {outcome for outcome, _ in made.values()} <= {"made", "edit_in_progress"}
    recent.forget()  # a second later
    shown = {s["key"]: s["value"] for s in ada.get(SETTINGS, **NO_CACHE).json()["settings"]}
    for key, (outcome, value) in made.items():
        assert (shown.get(key) == value) == (outcome == "made"), key
    assert len(vapi.patches) == sum(outcome == "made" for outcome, _ in made.values()) >= 2


def test_a_change_by_another_process_leaves_the_copies_here_behind(user, vapi, value_of):
    assert value_of("temperature") == 0.7
    with Editor(user, "temperature", 1.1) as editor:
        editor.is_ready()
        editor.go()
        assert editor.outcomes() == ["made"]
    recent.forget()  # a second later
    assert value_of("temperature") == 1.1


@pytest.mark.parametrize(("when", "landed"), [("after", True), ("before", False)])
def test_kill_9_in_the_middle_of_a_change_loses_nothing(
    ada, user, vapi, value_of, history, when, landed
):
    assert value_of("temperature") == 0.7
    vapi.sandbox.faults.add(
        "vapi", "hang", match="PATCH /assistant", when=when, count=1, delay_ms=20_000
    )
    with Editor(user, "temperature", 1.1) as editor:
        editor.is_ready()
        editor.go()
        arrived = Event()
        for _ in range(WAIT * 100):
            if vapi.patches:
                break
            arrived.wait(0.01)
        assert vapi.patches == [{"model": {**vapi.document()["model"], "temperature": 1.1}}]
        editor.process.kill()
        editor.process.wait(WAIT)
    vapi.sandbox.faults.clear()

    # While its lease lives no editor takes its place, and nothing is said that may prove wrong.
    assert [row["status"] for row in history("temperature")] == ["pending", "confirmed"]
    AssistantLease.objects.filter(pk=ASSISTANT).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    recent.forget()  # a second later

    assert value_of("temperature") == (1.1 if landed else 0.7)
    assert [row["status"] for row in history("temperature")] == ["confirmed"] * (1 + landed)
    answer = ada.put(f"{SETTINGS}/temperature", {"value": 1.5}, format="json")
    assert answer.status_code == 200
    assert vapi.document()["model"]["temperature"] == 1.5
