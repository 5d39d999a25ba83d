"""NUL in addresses: PostgreSQL keeps none in its texts."""

import re
from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework.test import APIClient

from tests.walls.routes import routes

pytestmark = pytest.mark.database


def test_an_address_with_a_nul_in_it_names_nothing(api: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    walked = set()
    for path, entry in routes(get_resolver()):
        actions = getattr(entry.callback, "actions", None) or {}
        if "<str:" not in path:
            continue
        for method in sorted(actions):
            filled = re.sub("<str:[a-z_]+>", "a%00b", path)
            body = {} if method in ("get", "head") else {"data": {"value": 1}, "format": "json"}
            answer = getattr(api, method)(f"/{filled}", **body)
            assert answer.status_code in (400, 404), (method, path)
            walked.add(path)
    assert len(walked) > 5
