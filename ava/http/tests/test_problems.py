import json

import pytest
from django.test import Client
from rest_framework import exceptions
from rest_framework.test import APIClient

from ava.http import correlation, problems
from ava.http.api import as_problem, validation_problem


def test_an_unknown_path_under_the_api_is_answered_in_problem_json(client: Client) -> None:
    answer = client.get("/api/v1/nowhere", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (
        body.items()
        >= {
            "type": "urn:ava:problem:not_found",
            "title": "Not Found",
            "status": 404,
            "code": "not_found",
            "detail": "There is nothing at this address.",
            "correlation_id": answer[correlation.HEADER],
        }.items()
    )


def test_a_person_gets_a_page_with_the_id_to_quote(client: Client) -> None:
    answer = client.get("/nowhere", headers={"Accept": "text/html", correlation.HEADER: "q-1"})
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "There is nothing at this address." in answer.content.decode()
    assert "q-1" in answer.content.decode()


def test_ava_s_own_fault_says_so_and_shows_nothing_of_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("django.views.generic.RedirectView.get", fail)
    answer = client.get("/admin")
    assert answer.status_code == 500
    assert answer.json()["detail"] == (
        "Something went wrong on our side. Quote the correlation ID when you report it."
    )
    assert b"hunter2" not in answer.content


def test_a_wait_is_told_in_the_header_and_in_the_body() -> None:
    problem = problems.RateLimited(retry_after=2.1)
    assert problem.headers["Retry-After"] == "3"
    assert problem.body()["retry_after"] == 3
    assert problem.detail == "Too many requests. Please try again in 3s."


def test_a_wait_is_never_zero() -> None:
    assert problems.RateLimited(retry_after=0).retry_after == 1


def test_nested_validation_errors_become_field_names_with_sentences() -> None:
    problem = validation_problem(
        {"to": ["Enter a number."], "items": [{}, {"price": ["Too low."]}]}
    )
    assert problem.errors == {"to": ["Enter a number."], "items.1.price": ["Too low."]}
    assert problem.detail == "Check the fields `to` and `items.1.price`."


@pytest.mark.parametrize(
    ("errors", "detail"),
    [
        ({"to": ["Enter a number."]}, "Check the field `to`: Enter a number."),
        ({"non_field_errors": ["Send one of both."]}, "Send one of both."),
        ({"non_field_errors": ["Odd."], "to": ["Too long."]}, "Check the field `to`: Too long."),
        ({name: ["No."] for name in "abc"}, "Check the fields `a`, `b` and `c`."),
        ({name: ["No."] for name in "abcde"}, "Check the fields `a`, `b`, `c` and 2 more."),
    ],
)
def test_what_is_not_valid_is_told_in_one_sentence(errors: dict, detail: str) -> None:
    assert problems.ValidationFailed(errors=errors).detail == detail


@pytest.mark.parametrize("body", [[], ["to"], "to", 7, None])
def test_a_body_that_is_no_object_gets_one_code_everywhere(api: APIClient, body: object) -> None:
    for send, path in (
        (api.post, "/api/v1/auth/login"),
        (api.put, "/api/v1/vapi/settings/temperature"),
        (api.put, "/api/v1/integrations/vapi/credentials"),
    ):
        answer = send(path, json.dumps(body), content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
        assert answer.json()["detail"] == "Send a JSON object."
        assert answer.json()["errors"] == {"non_field_errors": ["Send a JSON object."]}


def test_a_method_that_is_not_taken_names_those_that_are(client: Client) -> None:
    answer = client.delete("/api/v1/auth/login")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/auth/login", "POST"),
        ("/api/v1/vapi/settings/temperature", "GET, HEAD, PUT"),
        ("/api/v1/integrations/vapi/credentials", "GET, HEAD, PUT, DELETE"),
        ("/api/schema", "GET, HEAD"),
        ("/api/docs", "GET, HEAD"),
    ],
)
def test_options_is_not_taken_and_not_named(api: APIClient, path: str, allowed: str) -> None:
    answer = api.options(path)
    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    assert "OPTIONS" not in api.get(path).get("Allow", "")


def test_a_made_up_method_is_told_the_real_ones(client: Client) -> None:
    answer = client.generic("BREW", "/api/v1/auth/login")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST, PUT, PATCH, DELETE")


def test_a_fault_of_ava_s_own_is_left_to_the_500() -> None:
    assert as_problem(ValueError("x")) is None
    assert isinstance(as_problem(exceptions.NotFound()), problems.NotFound)


def test_every_code_is_used_by_one_class_only() -> None:
    def walk(kind: type[problems.Problem]) -> list[type[problems.Problem]]:
        return [kind, *(sub for child in kind.__subclasses__() for sub in walk(child))]

    codes: dict[str, type[problems.Problem]] = {}
    for kind in walk(problems.Problem):
        if "code" in vars(kind):
            assert codes.setdefault(kind.code, kind) is kind, kind.code
    assert json.dumps(sorted(codes))


def test_a_body_beyond_the_limit_is_refused_unread(client: Client) -> None:
    body = json.dumps({"identifier": "x" * 1024 * 1024, "password": "y"})
    answer = client.post("/api/v1/auth/login", body, content_type="application/json")
    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"


def test_a_body_in_chunks_is_told_what_it_lacks(client: Client) -> None:
    answer = client.post(
        "/api/v1/auth/login", b"", "application/json", headers={"Transfer-Encoding": "chunked"}
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_an_expired_form_is_told_on_a_page_with_the_id() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/admin/login/", {}, headers={"Accept": "text/html", correlation.HEADER: "form-1"}
    )
    assert answer.status_code == 403
    assert "This form has expired." in answer.content.decode()
    assert "form-1" in answer.content.decode()
