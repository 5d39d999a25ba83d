"""The calls of `/api/v1/auth/*`, as a client makes them, one or many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from rest_framework.test import APIClient

TOKENS = "/api/v1/auth/tokens"
ME = "/api/v1/auth/me"


def log_in(client, identifier="ada", password="correct horse battery staple", **extra):
    body = {"identifier": identifier, "password": password}
    return client.post("/api/v1/auth/login", body, **extra)


def refresh(client, token):
    return client.post("/api/v1/auth/refresh", {"refresh_token": token})


def me(client, access_token):
    return client.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {access_token}")


def log_out(client, access_token):
    return client.post("/api/v1/auth/logout", HTTP_AUTHORIZATION=f"Bearer {access_token}")


def make(api: APIClient, **body: Any) -> Any:
    return api.post(TOKENS, {"name": "CI", "scope": "write", **body}, format="json")


def client_with(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def assert_unauthenticated(answer, code: str) -> None:
    """A 401 that a frontend can tell from a provider's."""
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="ava"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def at_once(number: int, work, meet_before: str = "") -> list:
    """The results of that many threads, each on its own database connection.

    Args:
        meet_before: the start of an SQL statement. No thread executes it before all have come to
            it, so that the race between them takes place every time. Left out: they only begin
            together.
    """
    meeting = threading.Barrier(number, timeout=60)

    def run():
        to_come = [meet_before] if meet_before else []
        if not meet_before:
            meeting.wait()

        def meet(execute, sql, params, many, context):
            if to_come and sql.startswith(to_come[0]):
                to_come.clear()
                meeting.wait()
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(meet):
                return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(number)]]
