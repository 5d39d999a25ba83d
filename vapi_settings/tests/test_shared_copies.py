"""Several processes, one Redis, one Vapi: what one has read, all know; what one drops, all do."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from django.conf import settings as django_settings

from sandbox.vapi import seed
from tests import database
from vapi_settings import reads
from vapi_settings.account import account_of
from vapi_settings.conftest import KEY, SETTINGS, store_key
from vapi_settings.reads import AssistantRead, phone_numbers

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]

WAIT = 30  # seconds; after that something hangs


class Readers:
    """`vapi_settings.tests.readers` on this test's database, Redis and Vapi."""

    def __init__(self, user, authorization, processes):
        self.everybody = list(range(processes))
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vapi_settings.tests.readers"),
                *(str(user.pk), authorization, str(processes)),
            ],
            cwd=django_settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "ava.settings",
                "DATABASE_URL": database.url(),
                "REDIS_URL": django_settings.REDIS_URL,
                "RATE_LIMIT_PER_MINUTE": "100000",
                "VAPI_BASE_URL": django_settings.VAPI_BASE_URL,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self):
        self.pids = json.loads(self.process.stdout.readline())
        return self

    def __exit__(self, *exception):
        for pid in getattr(self, "pids", []):
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait(WAIT)
        self.process.stdin.close()
        self.process.stdout.close()

    def begin(self, do, *to, times=1):
        """Without waiting for what comes of it."""
        self._say(to=to, do=do, times=times)

    def ended(self, *of):
        self._say(**{"from": of})
        return json.loads(self.process.stdout.readline())

    def do(self, what, *to, times=1):
        to = to or self.everybody
        self.begin(what, *to, times=times)
        return self.ended(*to)

    def one(self, number, what):
        return self.do(what, number)[0][0]

    def _say(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()


@pytest.fixture
def readers(ada, user, redis):
    def readers(processes):
        return Readers(user, ada._credentials["HTTP_AUTHORIZATION"], processes)

    return readers


def arrived(vapi, count=1):
    pause = threading.Event()
    for _ in range(WAIT * 100):
        if len(vapi.asked) >= count:
            return
        pause.wait(0.01)
    raise AssertionError("no request arrived")


def test_a_hundred_concurrent_misses_over_eight_processes_make_one_request(readers, vapi):
    vapi.sandbox.faults.add("vapi", "slow", delay_ms=300)
    with readers(8) as eight:
        for _ in range(2):
            assert eight.do("list", times=13) == [[["Front desk"]] * 13] * 8
    assert vapi.asked == ["GET /assistant"]


def test_a_change_in_one_process_is_seen_in_all_without_asking_again(readers, vapi):
    with readers(3) as three:
        three.do("read")
        assert three.one(0, "1.1") == "made"
        vapi.sandbox.clear_requests()
        assert three.do("read", 1, 2) == [[1.1], [1.1]]
        assert vapi.asked == []


def test_a_logout_in_one_process_is_seen_at_once_in_all(readers):
    with readers(3) as three:
        assert three.do("read", times=2) == [[0.7] * 2] * 3
        assert three.one(0, "logout") == 204
        assert three.do("read") == [["session_ended"]] * 3


def test_a_changed_password_is_seen_at_once_in_all_processes(readers, user):
    with readers(2) as two:
        assert two.do("read", times=2) == [[0.7] * 2] * 2
        user.set_password("another long password")
        user.save()
        assert two.do("read") == [["session_ended"]] * 2


def test_a_deactivated_user_is_refused_at_once_in_all_processes(readers, user):
    with readers(2) as two:
        assert two.do("read", times=2) == [[0.7] * 2] * 2
        user.is_active = False
        user.save()
        assert two.do("read") == [["session_ended"]] * 2


def test_a_refused_key_in_one_process_drops_the_copies_of_all(readers, vapi):
    with readers(2) as two:
        assert two.do("read") == [[0.7]] * 2
        vapi.fail(status=401, count=1)
        assert two.one(0, "reload") == "provider_auth_failed"
        vapi.fail()
        assert two.one(1, "read") == "provider_unreachable"


def test_a_read_under_way_elsewhere_does_not_bring_back_what_a_refused_key_dropped(readers, vapi):
    with readers(2) as two:
        vapi.fail(kind="slow", delay_ms=1000, count=1)
        two.begin("read", 1)
        arrived(vapi)
        vapi.fail(status=401, count=1)
        assert two.one(0, "reload") == "provider_auth_failed"
        assert two.ended(1) == [[0.7]]
        vapi.fail()
        assert two.do("read") == [["provider_unreachable"]] * 2


def test_the_last_good_copy_is_served_by_processes_that_never_read_it(readers, vapi, redis):
    with readers(1) as first:
        assert first.one(0, "read") == 0.7
    redis.client.delete(*redis.client.scan_iter("*fresh*"))  # as their end does
    vapi.fail()
    with readers(2) as newcomers:
        assert newcomers.do("read") == [[[0.7, "stale"]]] * 2


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_a_reader_that_is_killed_or_stopped_holds_up_the_others_for_seconds_only(
    readers, vapi, sign
):
    vapi.fail(kind="slow", delay_ms=800, count=1)
    with readers(2) as two:
        two.begin("read", 0)
        arrived(vapi)
        os.kill(two.pids[0], sign)
        assert two.one(1, "read") == 0.7
    assert vapi.asked == ["GET /assistant"] * 2


def test_a_slow_read_is_waited_for_longer_than_its_lease_would_last_alone(readers, vapi):
    vapi.fail(kind="slow", delay_ms=4000, count=1)
    with readers(2) as two:
        two.begin("read", 0)
        arrived(vapi)
        assert two.one(1, "read") == 0.7
        assert two.ended(0) == [[0.7]]
    assert vapi.asked == ["GET /assistant"]


def test_processes_go_on_without_redis_and_share_again_when_it_is_back(readers, vapi, redis):
    with readers(2) as two:
        assert two.do("read") == [[0.7]] * 2
        redis.stop()
        try:
            assert two.do("read", times=4) == [[0.7] * 4] * 2
        finally:
            redis.start()
        pause = threading.Event()
        for _ in range(WAIT * 10):
            two.do("read")
            vapi.sandbox.clear_requests()
            two.do("read")
            if vapi.asked == []:
                return
            pause.wait(0.1)
    raise AssertionError("nothing is shared any more")


def test_nothing_in_redis_shows_a_secret_or_a_prompt(ada, put, vapi, redis):
    prompt = {"role": "system", "content": "planted-prompt-0001"}
    vapi.plant(
        name="planted-name-0002",
        firstMessage="planted-greeting-0003",
        model={**vapi.document()["model"], "messages": [prompt]},
        server={"url": "https://x.example", "headers": {"X-Secret": "planted-header-0004"}},
    )
    for address in (SETTINGS, "/api/v1/vapi/assistants", "/api/v1/vapi/phone-numbers"):
        assert ada.get(address).status_code == 200
    assert put("temperature", 1.1).status_code == 200
    names = list(redis.client.scan_iter())
    assert sum(b"copies" in name for name in names) >= 4
    for name in names:
        stored = name + redis.client.dump(name)
        if redis.client.type(name) == b"hash":
            stored += b"".join(redis.client.hgetall(name).values())
        for text in ("planted", KEY, "openai", seed.PHONE_NUMBERS[0]["number"]):
            assert text.encode() not in stored, name


def test_what_another_process_opens_is_what_was_read(ada, user, vapi, redis):
    vapi.sandbox.vapi.add_assistant(name="\ud800 half", metadata={"big": 10**30, "ü": [None, 1.5]})

    def everything():
        account = account_of(user)
        listed = AssistantRead(account).listed().value
        each = [AssistantRead(account).one(one.id).value for one in listed]
        return listed, each, phone_numbers(account).value

    first = everything()
    assert all(seen.changed_at for seen in first[1])
    reads.forget()  # what this process remembers
    vapi.sandbox.clear_requests()
    assert everything() == first
    assert vapi.asked == []


def test_copies_of_another_key_are_not_seen_in_any_process(readers, user, vapi):
    with readers(2) as two:
        two.do("read")
        store_key(user, api_key="vapi-wrong-key-0000")
        assert two.do("read") == [["provider_auth_failed"]] * 2
