"""The pure part of a change: one field moves, everything else stays."""

import copy
import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vapi_settings import catalogue
from vapi_settings.diff import (
    ABSENT,
    SERVER_FIELDS,
    ParentMissing,
    canonical,
    differences,
    patch,
    read,
    same,
)

# A busy machine is no reason to fail, and neither is a lucky number.
steady = settings(deadline=None, derandomize=True)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
names = st.text(max_size=6) | st.sampled_from(["temperature", "enabled", "speed", "maxTokens"])
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(names, json_values, max_size=5)
assistants = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "model": objects, "voice": objects},
    optional={
        "firstMessage": st.text(),
        "metadata": objects | st.none(),
        "artifactPlan": objects | st.none(),
        "hooks": st.lists(json_values, max_size=2),
        "newFieldOfVapi": json_values,
    },
)
definitions = st.sampled_from([*catalogue.STANDARD.values(), catalogue.definition("my_key")])


def vapi_applies(document, body):
    """Vapi's PATCH: each top-level field replaces the stored one."""
    return json.loads(json.dumps({**document, **body}))


@steady
@given(assistants, definitions, json_values)
def test_a_patch_changes_the_one_field_and_nothing_else(document, definition, value):
    before = copy.deepcopy(document)
    try:
        body = patch(document, definition.path, value, makes_parents=definition.makes_parents)
    except ParentMissing:
        assume(False)
    after = vapi_applies(document, body)
    assert document == before
    assert list(body) == [definition.path[0]]
    assert same(read(after, definition.path), value)
    assert differences(before, after, beside=definition.path) == []


@steady
@given(assistants, definitions, json_values, json_values)
def test_a_field_that_is_put_back_leaves_the_assistant_as_it_was(
    document, definition, original, value
):
    def changed(document, value):
        makes = definition.makes_parents
        return vapi_applies(document, patch(document, definition.path, value, makes_parents=makes))

    try:
        document = changed(document, original)
    except ParentMissing:
        assume(False)
    assert same(changed(changed(document, value), original), document)


@steady
@given(assistants, definitions, json_values, st.sampled_from(["model", "voice", "hooks", "extra"]))
def test_any_other_change_is_noticed(document, definition, value, field):
    try:
        body = patch(document, definition.path, value, makes_parents=definition.makes_parents)
    except ParentMissing:
        assume(False)
    after = vapi_applies(document, body)
    after[field] = [after.get(field), "and more"]
    assert differences(document, after, beside=definition.path)


def test_unknown_fields_and_null_inside_the_object_survive():
    model = {"provider": "openai", "messages": [{"role": "system"}], "temperature": 0.2, "x": None}
    body = patch({"model": model}, ("model", "temperature"), 1.1)
    assert body == {"model": {**model, "temperature": 1.1}}


@pytest.mark.parametrize("document", [{}, {"model": None}, {"model": "gpt"}, {"model": []}])
def test_a_missing_model_cannot_be_made_from_nothing(document):
    with pytest.raises(ParentMissing) as refused:
        patch(document, ("model", "temperature"), 1)
    assert str(refused.value) == "model"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"artifactPlan": None},
        {"artifactPlan": {"recordingEnabled": True}},
        {"artifactPlan": {"transcriptPlan": None, "recordingEnabled": True}},
    ],
)
def test_a_missing_plan_is_made(document):
    path = ("artifactPlan", "transcriptPlan", "enabled")
    body = patch(document, path, False, makes_parents=True)
    kept = {k: v for k, v in (document.get("artifactPlan") or {}).items() if k != "transcriptPlan"}
    assert body == {"artifactPlan": {**kept, "transcriptPlan": {"enabled": False}}}


@pytest.mark.parametrize("plan", ["text", [1], {"transcriptPlan": "text"}])
def test_something_strange_in_place_of_a_parent_is_not_thrown_away(plan):
    path = ("artifactPlan", "transcriptPlan", "enabled")
    with pytest.raises(ParentMissing):
        patch({"artifactPlan": plan}, path, False, makes_parents=True)


def test_taking_a_field_away_keeps_its_neighbours():
    document = {"metadata": {"mine": 1, "theirs": [2]}}
    assert patch(document, ("metadata", "mine"), ABSENT) == {"metadata": {"theirs": [2]}}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (0.0, -0.0, True),
        (6.795858998254371e16, 67958589982543710, True),
        (1e300, 10**300, True),
        (10**400, 10**400 + 1, False),
        (2**53 - 1, 2**53 - 2, False),
        (True, 1, False),
        (False, 0, False),
        (None, False, False),
        (ABSENT, None, False),
        ("1", 1, False),
        ([1, True], [1.0, True], True),
        ([1], {"0": 1}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": None}, {}, False),
    ],
)
def test_values_are_compared_as_json(one, other, equal):
    assert same(one, other) is equal
    assert same(other, one) is equal


@steady
@given(json_values, json_values)
def test_the_canonical_text_is_one_for_each_value(one, other):
    assert (canonical(one) == canonical(other)) == same(one, other)
    assert same(json.loads(canonical(one)), one)


@steady
@given(objects)
def test_what_vapi_manages_itself_is_no_difference(document):
    changed = {**document, **dict.fromkeys(SERVER_FIELDS, "new")}
    assert differences(document, changed, beside=("model", "temperature")) == []


def test_numbers_and_texts_come_back_as_vapi_wrote_them():
    text = (
        '{"model":{"a":0.1,"b":1e22,"c":9007199254740991,"d":"\\ud83d\\ude00\\ud800","e":5e-324}}'
    )
    document = json.loads(text)
    body = patch(document, ("model", "temperature"), 0.7)
    sent = json.loads(json.dumps(body))
    assert sent["model"] == {**document["model"], "temperature": 0.7}
    assert math.copysign(1, sent["model"]["a"]) == 1
