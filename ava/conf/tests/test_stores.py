"""Store URLs that cannot work: a sentence at the start, not an outage later."""

import ssl
from pathlib import Path

import pytest

from ava.conf import env, stores
from integrations.tests.process import manage

REDIS = "redis://:hunter2@127.0.0.1:9"
REDISS = "rediss://:hunter2@127.0.0.1:9"
POSTGRES = "postgres://ava:hunter2@127.0.0.1:9"
BROKER = "amqps://ava:hunter2@localhost:9//"


@pytest.mark.parametrize(
    ("name", "url", "word"),
    [
        ("REDIS_URL", f"{REDIS}/0?sockettimeout=1", "sockettimeout"),
        ("REDIS_URL", f"{REDIS}/0?socket_timeout=soon", "socket_timeout"),
        ("REDIS_URL", f"{REDIS}/0?ssl_ca_certs=/etc/ca.pem", "ssl_ca_certs"),
        ("REDIS_URL", f"{REDIS}/zero", "number of a database"),
        ("REDIS_URL", f"{REDISS}/0?ssl_cert_reqs=CERT_REQUIRED", "CERT_REQUIRED"),
        ("REDIS_URL", f"{REDISS}/0?ssl_ca_certs=/no/such.pem", "ssl_ca_certs=/no/such.pem"),
        ("REDIS_URL", f"{REDISS}/0?ssl_certfile=/no/such.pem", "ssl_certfile=/no/such.pem"),
        ("REDIS_URL", "rediss+sentinel://:hunter2@a,b/ava/x", "number of a database"),
        ("REDIS_URL", "rediss+sentinel://:hunter2@a,b/ava?ssl_cert_reqs=x", "redis-py"),
        ("DATABASE_URL", POSTGRES, "names no database"),
        ("DATABASE_URL", f"{POSTGRES}/ava?ssl=true", '"ssl"'),
        ("DATABASE_URL", f"{POSTGRES}/ava?server_side_binding=true", "server_side_binding"),
        ("DATABASE_URL", f"{POSTGRES}/ava?sslmode=requird", "requird"),
        ("DATABASE_URL", f"{POSTGRES}/ava?channel_binding=maybe", "channel_binding"),
        ("DATABASE_URL", f"{POSTGRES}/ava?sslrootcert=/no/such.pem", "sslrootcert=/no/such.pem"),
        ("CELERY_BROKER_URL", f"{BROKER}?ssl_ca_certs=/no/such.pem", "ssl_ca_certs=/no/such.pem"),
        ("CELERY_BROKER_URL", f"{BROKER}?ssl_cert_reqs=maybe", "ssl_cert_reqs"),
        ("CELERY_BROKER_URL", f"{BROKER}?ssl_cafile=/etc/ca.pem", "ssl_cafile"),
        ("CELERY_BROKER_URL", f"{REDIS}/0?ssl_cert_reqs=required", "ssl_cert_reqs"),
        ("CELERY_BROKER_URL", f"{REDIS}/zero", "number of a database"),
    ],
)
def test_a_url_that_cannot_work_is_refused_with_a_sentence(name: str, url: str, word: str) -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({name: url})
    assert str(refused.value).startswith(f"{name} ")
    assert word in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(env.EnvironmentInvalid, match=r"ssl_ca_certs=.*cannot be used"):
        env.read({"REDIS_URL": f"{REDISS}/0?ssl_ca_certs={tmp_path}/ca.pem"})


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("REDIS_URL", f"{REDIS}/0?socket_timeout=0.2"),
        ("REDIS_URL", f"{REDISS}?ssl_cert_reqs=none"),
        ("REDIS_URL", "redis+sentinel://:hunter2@a:1,b:2/ava/3?socket_timeout=1"),
        ("DATABASE_URL", f"{POSTGRES}/ava?sslmode=verify-full&sslrootcert=system"),
        ("DATABASE_URL", f"{POSTGRES}/ava?application_name=ava&CONN_MAX_AGE=0"),
        ("DATABASE_URL", "postgres://ava:hunter2@/ava?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:////data/ava.sqlite3"),
        ("CELERY_BROKER_URL", BROKER),
        ("CELERY_BROKER_URL", f"{REDISS}/1?ssl_cert_reqs=CERT_NONE"),
        ("CELERY_BROKER_URL", "memory://localhost"),
    ],
)
def test_a_url_that_may_work_is_taken_without_asking_its_server(name: str, url: str) -> None:
    assert env.read({name: url})[name] == url.rstrip("/")


def test_a_command_says_the_same_without_a_traceback() -> None:
    done = manage("check", REDIS_URL=f"{REDISS}/0?ssl_ca_certs=/no/such.pem")
    assert done.returncode == 2
    assert done.stderr.startswith("REDIS_URL has ssl_ca_certs=/no/such.pem")
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("reqs", ["", "?ssl_cert_reqs=required", "?ssl_cert_reqs=CERT_REQUIRED"])
def test_a_broker_is_verified_unless_that_is_refused(reqs: str) -> None:
    url, tls = stores.broker(f"rediss://broker.internal/1{reqs}")
    assert url == "rediss://broker.internal/1"
    assert tls == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    assert stores.broker(f"amqps://localhost/{reqs}")[1] == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "localhost",
    }
