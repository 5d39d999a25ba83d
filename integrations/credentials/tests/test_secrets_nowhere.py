"""Recognisable secrets are planted, then looked for wherever AVA writes or answers."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from integrations.credentials.tests.conftest import SMTP, TWILIO

PLANTED = "PLANTED"
BODIES: dict[str, dict[str, Any]] = {
    "vapi": {"api_key": "PLANTED-vapi-0123", "webhook_secret": "PLANTED-vapi-hook-0123"},
    "twilio": {
        **TWILIO,
        "auth_token": "PLANTED-twilio-0123",
        "api_key_sid": "SK" + "1" * 32,
        "api_key_secret": "PLANTED-twilio-secret-0123",
    },
    "resend": {"api_key": "PLANTED-resend-0123", "from_email": "ada@example.com"},
    "smtp": {**SMTP, "password": "PLANTED-smtp-0123"},
}


def every_row() -> str:
    """All tables, raw, as the database gives them. SQLite reads no index for search, but the tables
    that it is kept in."""
    found = []
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in [one for one in tables if not one.endswith("_search")]:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found.append(f"{table}: {cursor.fetchall()!r}")
    return "\n".join(found)


@pytest.fixture
def settled(api: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    for provider, body in BODIES.items():
        assert api.put(f"/api/v1/integrations/{provider}/credentials", body).status_code == 200


def test_no_table_holds_a_secret(settled: None, user: User) -> None:
    rows = every_row()
    assert "integrations_credential: [" in rows
    assert user.email in rows
    assert PLANTED not in rows


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_no_file_of_the_database_holds_a_secret(settled: None) -> None:
    """Freed pages and the write-ahead log included."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        path = cursor.fetchone()[2]
    content = b"".join(
        each.read_bytes() for each in sorted(Path(path).parent.glob(Path(path).name + "*"))
    )
    assert b"ada@example.com" in content
    assert PLANTED.encode() not in content


@pytest.mark.database
def test_no_answer_of_the_api_holds_a_secret(settled: None, api: APIClient) -> None:
    for provider, body in BODIES.items():
        url = f"/api/v1/integrations/{provider}/credentials"
        for answer in (
            api.get(url),
            api.put(url, body),
            api.put(url, {**body, "unknown": "PLANTED"}),
            api.put(url, {name: [value] for name, value in body.items()}),
            api.put(url, {name: f"{value}\x00" for name, value in body.items()}),
        ):
            assert PLANTED not in answer.content.decode()
            assert PLANTED not in str(answer.headers)
    assert PLANTED not in api.get("/api/v1/integrations").content.decode()


def test_no_page_of_the_admin_holds_a_secret(settled: None, operator: User) -> None:
    client = Client()
    client.force_login(operator)
    for model in ("credential", "credentialchange"):
        base = f"/admin/integrations/{model}/"
        pages = [base]
        for row in apps.get_model("integrations", model).objects.all():
            pages += [f"{base}{row.pk}/{page}/" for page in ("change", "history", "delete")]
        for page in pages:
            answer = client.get(page)
            assert answer.status_code in (200, 403)
            assert PLANTED not in answer.content.decode()


def test_no_log_line_holds_a_secret(
    caplog: pytest.LogCaptureFixture, settled: None, api: APIClient
) -> None:
    caplog.set_level(logging.DEBUG)
    for provider, body in BODIES.items():
        api.put(f"/api/v1/integrations/{provider}/credentials", {**body, "extra": "PLANTED"})
        api.delete(f"/api/v1/integrations/{provider}/credentials")
        api.put(f"/api/v1/integrations/{provider}/credentials", body)
    said = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert any("credentials" in line for line in said)
    assert PLANTED not in "\n".join(said)
