"""The settings AVA knows, and what their values may be."""

import copy

import pytest

from vapi_settings import catalogue
from vapi_settings.catalogue import ValueRefused
from vapi_settings.diff import EXACT

ASSISTANT = {
    "firstMessage": "Hi",
    "maxDurationSeconds": 600,
    "voice": {"provider": "11labs", "speed": 1},
    "model": {"provider": "openai", "temperature": 0.3, "maxTokens": 300},
    "artifactPlan": {"transcriptPlan": {"enabled": False}},
    "metadata": {"plan": {"tier": 2}, "Team-Name": "kept", "temperature": 9},
}


def check(key, value, document=None):
    return catalogue.check(catalogue.definition(key), value, document)


def shown(document, key):
    return catalogue.show(document, catalogue.definition(key))


def test_the_table_is_the_contracts():
    assert [
        (d.key, d.type, d.default, dict(d.constraints), ".".join(d.path))
        for d in catalogue.STANDARD.values()
    ] == [
        (
            "greeting_message",
            "string",
            "Hello!",
            {"min_length": 1, "max_length": 200},
            "firstMessage",
        ),
        (
            "max_call_duration",
            "integer",
            1800,
            {"minimum": 60, "maximum": 3600},
            "maxDurationSeconds",
        ),
        ("voice_speed", "float", 1.0, {"minimum": 0.5, "maximum": 1.2}, "voice.speed"),
        ("temperature", "float", 0.7, {"minimum": 0.0, "maximum": 2.0}, "model.temperature"),
        ("max_tokens", "integer", 250, {"minimum": 50, "maximum": 1000}, "model.maxTokens"),
        ("enable_transcription", "boolean", True, {}, "artifactPlan.transcriptPlan.enabled"),
    ]


@pytest.mark.parametrize("key", catalogue.STANDARD)
def test_every_default_passes_its_own_check(key):
    assert check(key, catalogue.STANDARD[key].default) == catalogue.STANDARD[key].default


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("greeting_message", "a"),
        ("greeting_message", "ü" * 200),
        ("greeting_message", "😀" * 200),
        ("max_call_duration", 60),
        ("max_call_duration", 3600),
        ("voice_speed", 0.5),
        ("voice_speed", 1),
        ("temperature", 0),
        ("temperature", 2),
        ("temperature", 2.0),
        ("max_tokens", 50),
        ("max_tokens", 1000.0),
        ("enable_transcription", False),
        ("my_key", None),
        ("my_key", {"any": ["json", 1.5, True, None]}),
        ("my_key", "x" * (catalogue.MAX_BYTES - 2)),
        ("my_key", "é" * ((catalogue.MAX_BYTES - 2) // 2)),
        ("my_key", EXACT),
    ],
)
def test_a_fitting_value_is_taken(key, value):
    assert check(key, value) == value


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("greeting_message", "", "must have 1 to 200 characters; this has 0"),
        ("greeting_message", "é" * 201, "this has 201"),
        ("greeting_message", 5, "must be a text"),
        ("greeting_message", None, "must be a text"),
        ("greeting_message", ["a"], "must be a text"),
        ("greeting_message", "a\0b", "U+0000"),
        ("greeting_message", "\ud800", "Unicode"),
        ("max_call_duration", 59, "must be between 60 and 3600"),
        ("max_call_duration", 3601, "must be between 60 and 3600"),
        ("max_call_duration", 1.5e3 + 0.5, "whole number"),
        ("max_call_duration", "60", "whole number"),
        ("max_call_duration", True, "whole number"),
        ("max_call_duration", None, "whole number"),
        ("max_call_duration", 10**400, "must be between"),
        ("max_call_duration", float("nan"), "whole number"),
        ("voice_speed", 0.49, "must be between 0.5 and 1.2"),
        ("voice_speed", 1.21, "must be between 0.5 and 1.2"),
        ("temperature", -0.1, "must be between 0.0 and 2.0"),
        ("temperature", 2.1, "must be between"),
        ("temperature", True, "must be a number"),
        ("temperature", "0.5", "must be a number"),
        ("temperature", float("nan"), "must be a number"),
        ("temperature", float("inf"), "must be a number"),
        ("temperature", 10**400, "must be between"),
        ("max_tokens", 49, "must be between 50 and 1000"),
        ("max_tokens", 1001, "must be between 50 and 1000"),
        ("enable_transcription", 1, "true or false"),
        ("enable_transcription", "true", "true or false"),
        ("enable_transcription", None, "true or false"),
        ("my_key", "x" * (catalogue.MAX_BYTES - 1), "must fit into 8192 bytes; this has 8193"),
        ("my_key", "é" * (catalogue.MAX_BYTES // 2), "this has 8194"),
        ("my_key", {"a": [float("inf")]}, "NaN or an infinite"),
        ("my_key", [2**53], "Vapi would round them"),
        ("my_key", {"\ud800": 1}, "Unicode"),
        ("my_key", {"a": {"b": "\0"}}, "U+0000"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(key, value, sentence):
    with pytest.raises(ValueRefused, match=r".") as refused:
        check(key, value)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith(key)


@pytest.mark.parametrize("depth", [33, 5000])
def test_a_deeply_nested_value_is_refused_without_recursion(depth):
    bomb = []
    for _ in range(depth):
        bomb = [bomb]
    with pytest.raises(ValueRefused, match="nested deeper than 32"):
        check("my_key", bomb)


@pytest.mark.parametrize(
    ("provider", "low", "high"),
    [("11labs", 0.7, 1.2), ("azure", 0.5, 1.2), ("xai", 0.7, 1.2), ("born-tomorrow", 0.5, 1.2)],
)
def test_voice_speed_is_narrowed_to_what_the_voice_takes(provider, low, high):
    document = {"voice": {"provider": provider}}
    assert shown(document, "voice_speed").constraints == {"minimum": low, "maximum": high}
    assert check("voice_speed", low, document) == low
    with pytest.raises(ValueRefused, match=f"between {low} and {high}"):
        check("voice_speed", low - 0.01, document)


@pytest.mark.parametrize("provider", ["cartesia", "deepgram", "hume"])
def test_a_voice_without_speed_is_named(provider):
    with pytest.raises(ValueRefused, match=f"cannot be changed: {provider} voices have none"):
        check("voice_speed", 1.0, {"voice": {"provider": provider}})


def test_settings_are_read_from_where_they_live():
    found = {d.key: shown(ASSISTANT, d.key) for d in catalogue.present(ASSISTANT)}
    assert {key: setting.value for key, setting in found.items()} == {
        "greeting_message": "Hi",
        "max_call_duration": 600,
        "voice_speed": 1.0,
        "temperature": 0.3,
        "max_tokens": 300,
        "enable_transcription": False,
        "plan": {"tier": 2},
    }
    assert all(setting.is_set for setting in found.values())
    assert [key for key, setting in found.items() if setting.definition.custom] == ["plan"]


def test_a_float_setting_is_shown_as_a_float():
    assert isinstance(shown(ASSISTANT, "voice_speed").value, float)


@pytest.mark.parametrize("document", [{}, {"model": None, "voice": 5, "metadata": []}])
def test_what_the_assistant_lacks_shows_the_default(document):
    for wanted in catalogue.present(document):
        setting = catalogue.show(document, wanted)
        assert setting.value == wanted.default
        assert not setting.is_set


@pytest.mark.parametrize(
    "strange", ["0.7", 99, -1, True, [0.7], {"a": 1}, 10**400, "\ud800", 2**60]
)
def test_a_strange_value_from_elsewhere_is_shown_as_it_is(strange):
    setting = shown({"model": {"temperature": strange}}, "temperature")
    assert setting.value == strange
    assert setting.is_set


@pytest.mark.parametrize(
    "key", ["", "A", "1a", "a-b", "a b", "_a", "a" * 65, "ä", "a\n", "a.b", "Temperature"]
)
def test_no_setting_can_have_such_a_name(key):
    assert catalogue.definition(key) is None
    assert [d.key for d in catalogue.present({"metadata": {key: 1}}) if d.custom] == []


def test_showing_settings_leaves_the_assistant_alone():
    before = copy.deepcopy(ASSISTANT)
    for wanted in catalogue.present(ASSISTANT):
        catalogue.show(ASSISTANT, wanted)
    assert before == ASSISTANT
