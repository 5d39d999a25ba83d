"""Refusals of Vapi, and their words."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.test_vapi import FRONT_DESK
from sandbox.vapi.seed import ASSISTANT

GPT = {"provider": "openai", "model": "gpt-4o"}
SARAH = {"provider": "11labs", "voiceId": "sarah"}

REFUSED: list[tuple[Any, list[str]]] = [
    ({"foo": 1}, ["property foo should not exist"]),
    ({"id": "x"}, ["property id should not exist"]),
    ({"orgId": "x"}, ["property orgId should not exist"]),
    ({"createdAt": "x"}, ["property createdAt should not exist"]),
    ({"updatedAt": "x"}, ["property updatedAt should not exist"]),
    ({"latestVersion": "x"}, ["property latestVersion should not exist"]),
    ({"serverUrl": "x"}, ["property serverUrl should not exist"]),
    ({"name": "x" * 41}, ["name must be shorter than or equal to 40 characters"]),
    ({"name": 1}, ["name must be a string"]),
    ({"firstMessage": None}, ["firstMessage must be a string"]),
    ({"maxDurationSeconds": 9}, ["maxDurationSeconds must not be less than 10"]),
    ({"maxDurationSeconds": 43201}, ["maxDurationSeconds must not be greater than 43200"]),
    (
        {"maxDurationSeconds": True},
        ["maxDurationSeconds must be a number conforming to the specified constraints"],
    ),
    ({"metadata": [1]}, ["metadata must be an object"]),
    ({"endCallPhrases": "bye"}, ["endCallPhrases must be an array"]),
    (
        {"endCallPhrases": ["ok", "x", "y"]},
        ["each value in endCallPhrases must be longer than or equal to 2 characters"],
    ),
    ({"model": "gpt-4o"}, ["nested property model must be either object or array"]),
    ({"model": {**GPT, "foo": 1}}, ["model.property foo should not exist"]),
    (
        {"model": {**GPT, "temperature": 2.1, "maxTokens": 49}},
        [
            "model.temperature must not be greater than 2",
            "model.maxTokens must not be less than 50",
        ],
    ),
    ({"model": {"provider": "openai"}}, ["model.model must be a string"]),
    (
        {"model": {**GPT, "messages": [{"role": "system", "content": "x", "name": "y"}]}},
        ["model.messages.0.property name should not exist"],
    ),
    (
        {"model": {**GPT, "tools": [{"type": "function", "function": {}}]}},
        ["model.tools.0.function.name must be a string"],
    ),
    (
        {"model": {"provider": "vapi", "maxTokens": 100}},
        ["model.property maxTokens should not exist"],
    ),
    ({"voice": {**SARAH, "speed": 0.6}}, ["voice.speed must not be less than 0.7"]),
    ({"voice": {**SARAH, "speed": 1.3}}, ["voice.speed must not be greater than 1.2"]),
    (
        {"voice": {"provider": "cartesia", "voiceId": "x", "speed": 1}},
        ["voice.property speed should not exist"],
    ),
    ({"voice": {**SARAH, "chunkPlan": {"x": 1}}}, ["voice.chunkPlan.property x should not exist"]),
    (
        {"artifactPlan": {"transcriptPlan": {"enabled": "yes", "on": True}}},
        [
            "artifactPlan.transcriptPlan.property on should not exist",
            "artifactPlan.transcriptPlan.enabled must be a boolean value",
        ],
    ),
    (
        {"stopSpeakingPlan": {"voiceSeconds": 0.6}},
        ["stopSpeakingPlan.voiceSeconds must not be greater than 0.5"],
    ),
    ([], ["Body must be an object"]),
]


@pytest.mark.parametrize(("body", "complaints"), REFUSED)
@pytest.mark.parametrize("verb", ["PATCH", "POST"])
def test_it_says_what_is_wrong_and_where(
    vapi: Client, verb: str, body: Any, complaints: list[str]
) -> None:
    path = f"/assistant/{FRONT_DESK}" if verb == "PATCH" else "/assistant"
    answer = vapi.call(verb, path, json=body)
    assert answer.status_code == 400
    assert answer.json() == {"message": complaints, "error": "Bad Request", "statusCode": 400}


def test_an_unknown_voice_provider_is_reported_the_known_ones(vapi: Client) -> None:
    body = {"voice": {"provider": "megaphone", "voiceId": "x"}}
    (complaint,) = vapi.patch(f"/assistant/{FRONT_DESK}", body).json()["message"]
    assert complaint.startswith("voice.provider must be one of the following values: azure, ")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"metadata": {"n": 1e999}}',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"metadata": {"n": ' + b"9" * 5000 + b"}}",
    ],
)
def test_what_is_not_json_is_a_bad_request(vapi: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = vapi.call("PATCH", f"/assistant/{FRONT_DESK}", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["statusCode"] == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(sorted(ASSISTANT)) | st.text(max_size=9), inner, max_size=4
        )
    ),
)


@settings(max_examples=150, deadline=None)
@given(body=st.dictionaries(st.sampled_from(sorted(ASSISTANT)), JSON, max_size=5) | JSON)
def test_any_json_is_taken_or_refused_but_never_breaks_anything(
    running: Sandbox, body: Any
) -> None:
    with Client(running.url + "/vapi") as vapi:
        vapi.session.headers["Authorization"] = "Bearer vapi-demo-key"
        vapi.session.headers["Content-Type"] = "application/json"
        answer = vapi.call("POST", "/assistant", data=json.dumps(body))
    assert answer.status_code in (201, 400)


def test_one_unknown_field_anywhere_in_a_modelled_object_is_found(vapi: Client) -> None:
    """Free objects take anything; every other object of the seed must notice a stranger in it."""
    open_parts = ("metadata", "hooks", "fallbackPlan", "voicemailDetection", "schema", "properties")

    def objects(value: Any, path: tuple[Any, ...]) -> Any:
        if any(part in open_parts for part in path) or (
            path[-2:-1] == ("messages",) and "tools" in path
        ):
            return
        if isinstance(value, dict):
            yield path
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            if isinstance(part, dict | list):
                yield from objects(part, (*path, key))

    server_side = ("id", "orgId", "createdAt", "updatedAt")
    whole = {key: value for key, value in ASSISTANT.items() if key not in server_side}
    places = list(objects(whole, ()))
    assert len(places) > 25
    for place in places:
        body = copy.deepcopy(whole)
        inner: Any = body
        for key in place:
            inner = inner[key]
        inner["stranger"] = 1
        answer = vapi.patch(f"/assistant/{FRONT_DESK}", body)
        where = ".".join(map(str, place))
        expected = (
            f"{where}.property stranger should not exist"
            if where
            else "property stranger should not exist"
        )
        assert answer.json()["message"] == [expected]
