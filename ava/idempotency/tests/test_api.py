"""`Idempotency-Key` over HTTP."""

import uuid
from typing import Any

import pytest
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from ava.http.api import RateLimitedView
from ava.http.problems import ValidationFailed
from ava.idempotency.api import answer
from ava.idempotency.services import Reply

pytestmark = pytest.mark.database

done: list[Any] = []


class Orders(RateLimitedView):
    def post(self, request: Request) -> Response:
        def act(row: uuid.UUID | None) -> Reply:
            if "to" not in request.data:
                raise ValidationFailed(errors={"to": ["No."]})
            done.append(request.data)
            return Reply(202, {"number": len(done)})

        return answer(request, scope="orders", act=act)


urlpatterns = [path("orders", Orders.as_view())]


@pytest.fixture
def post(api: APIClient, settings: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    done.clear()

    def send(body: Any, key: str | None = "k-1") -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        return api.post("/orders", body, format="json", headers=headers)

    return send


def test_the_second_request_gets_the_first_ones_answer(post: Any) -> None:
    first, second = post({"to": "a"}), post({"to": "a"})
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json() == {"number": 1}
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert len(done) == 1


def test_refusals_are_problems_with_codes_of_their_own(post: Any) -> None:
    post({"to": "a"})
    reused, invalid = post({"to": "b"}), post({"to": "a"}, key="é")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert (invalid.status_code, invalid.json()["code"]) == (400, "idempotency_key_invalid")
    assert len(done) == 1


def test_a_corrected_request_may_keep_its_key(post: Any) -> None:
    assert post({}).status_code == 400
    assert post({"to": "a"}).status_code == 202


def test_without_a_key_all_are_done(post: Any) -> None:
    assert [post({"to": "a"}, key=None).json()["number"] for _ in range(2)] == [1, 2]
