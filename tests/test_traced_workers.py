"""Traces of real processes: several workers, a call with its webhooks, a collector that dies."""

import subprocess
import sys
from pathlib import Path

import pytest

from ava.conf.env import BASE_DIR
from tests.otlp import Receiver
from tests.redis import RedisServer
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

LOOK = """
import django, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "ava.settings"
import ava.asgi
print([name for name in ("opentelemetry.sdk.trace", "sentry_sdk") if sys.modules.get(name)])
"""


def loaded(data_dir: Path, **variables: str) -> str:
    environment = {"AVA_DATA_DIR": str(data_dir), "AVA_ENV_FILE": "/dev/null", **variables}
    keys = [sys.executable, "-m", "ava.conf.keyfile"]
    subprocess.run(keys, cwd=BASE_DIR, env=environment, check=True, capture_output=True)
    look = [sys.executable, "-c", LOOK]
    done = subprocess.run(look, cwd=BASE_DIR, env=environment, check=True, capture_output=True)
    return done.stdout.decode().splitlines()[-1]


def test_off_neither_library_is_loaded(tmp_path: Path) -> None:
    assert loaded(tmp_path) == "[]"
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "SENTRY_DSN": "http://a@127.0.0.1/1"}
    assert loaded(tmp_path, **on) == "['opentelemetry.sdk.trace', 'sentry_sdk']"
    assert loaded(tmp_path, **{**on, "OTEL_SDK_DISABLED": "1", "SENTRY_DSN": ""}) == "[]"


def test_two_workers_send_a_call_its_webhooks_and_jobs_and_outlive_their_collector(
    tmp_path: Path,
) -> None:
    with RedisServer() as redis, Receiver() as receiver:
        environment = {
            "WEB_CONCURRENCY": "2",
            "REDIS_URL": redis.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }
        with RunningAva(tmp_path / "var", **environment) as ava:
            ava.login()
            until(lambda: ava.accepting() == 2)
            answer = ava.call(
                "POST",
                "/twilio/calls",
                json={"to": "+14155550199", "from": "+15005550006", "say": "Hello."},
                headers={"X-Correlation-ID": "placed-1"},
            )
            assert answer.status_code == 201, answer.text
            placed = receiver.await_span("POST /api/v1/twilio/calls")
            webhook = receiver.await_span("webhook twilio call-status")
            assert webhook.attributes["ava.correlation_id"] == "placed-1"
            assert webhook.links == [(placed.trace, placed.id)]
            request = receiver.await_span(
                "POST /api/v1/webhooks/twilio/call-status", lambda span: span.id == webhook.parent
            )
            job = receiver.await_span(
                "job dispatch_delivery", lambda span: (request.trace, request.id) in span.links
            )
            assert (job.attributes["ava.correlation_id"], job.parent) == ("placed-1", b"")

            def both() -> bool:
                ava.session.close()  # a new connection, maybe to the other worker
                ava.call("GET", "/vapi/settings")
                return len({span.resource["service.instance.id"] for span in receiver.spans}) == 2

            until(both)
            ids = [span.id for span in receiver.spans]
            assert len(ids) == len(set(ids))

            receiver.__exit__()
            for _ in range(20):
                assert ava.call("GET", "/vapi/settings").status_code == 200
            lost = '"event": "spans are lost'
            until(lambda: lost in ava.output())
            for _ in range(20):
                assert ava.call("GET", "/vapi/settings").status_code == 200
            assert ava.stop() == 0
            assert ava.output().count(lost) <= 2  # once in each worker
            assert "Traceback" not in ava.output()
            assert "opentelemetry" not in ava.output()
            assert "4155550199" not in b"".join(receiver.raw).decode(errors="replace")
