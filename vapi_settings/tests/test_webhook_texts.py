"""Limits of what AVA keeps of the texts in Vapi's webhooks, said where something is cut."""

import json

import pytest

from ava.inbound.models import Delivery
from vapi_settings.calls import tools
from vapi_settings.tests.hooking import CALL, payload

LONG = "User: And then?\n" * 400_000


def is_cut(text, most):
    return len(text) <= most and text[:20] == LONG[:20] and text.endswith(" characters more]")


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setattr(tools, "_tools", {})
    seen = []

    def book(call):
        seen.append(call.arguments)
        return "Booked."

    tools.register_tool("booking", book)
    return seen


def call_of(number, **arguments):
    return {"id": f"call_{number}", "function": {"name": "booking", "arguments": arguments}}


def test_a_longer_transcript_and_summary_are_cut_and_say_so(send, reported):
    long = {"artifact": {"transcript": LONG}, "analysis": {"summary": LONG[:50_000]}}
    assert send(payload("end_of_call_report", **long)).status_code == 204
    [event] = reported()
    assert is_cut(event.transcript, 200_000)
    assert is_cut(event.summary, 10_000)
    kept = Delivery.objects.get().payload
    assert kept["artifact"]["transcript"] == event.transcript
    assert kept["analysis"]["summary"] == event.summary


def test_texts_in_their_old_places_are_cut_as_well(send, reported):
    old = {"artifact": {}, "analysis": {}, "transcript": LONG, "summary": LONG[:50_000]}
    assert send(payload("end_of_call_report", **old)).status_code == 204
    [event] = reported()
    assert is_cut(event.transcript, 200_000)
    assert is_cut(event.summary, 10_000)


def test_any_other_text_is_cut_at_4000_characters(send, reported):
    call = payload("status_update")["message"]["call"]
    long = {"status": LONG[:9000], "endedReason": LONG[:9000]}
    long["customer"] = {"number": LONG[:9000]}
    long["call"] = {**call, "type": LONG[:9000], "assistantId": LONG[:9000]}
    assert send(payload("status_update", **long)).status_code == 204
    [event] = reported()
    assert is_cut(event.status, 4000)
    assert is_cut(event.ended_reason, 4000)
    assert is_cut(event.person, 4000)
    assert event.assistant_id is None
    assert is_cut(Delivery.objects.get().payload["call"]["type"], 4000)


def test_of_very_many_utterances_the_first_are_kept_with_the_number_of_the_others(send):
    said = [{"role": "user", "message": f"{n}: " + "x" * 90, "time": n} for n in range(40_000)]
    assert send(payload("end_of_call_report", artifact={"messages": said})).status_code == 204
    kept = Delivery.objects.get().payload["artifact"]["messages"]
    assert kept[:-1] == said[: len(kept) - 1]
    assert kept[-1] == {"message": f"[cut by AVA: {40_001 - len(kept):,} utterances more]"}
    assert len(json.dumps(kept)) < 500_000


def test_structured_data_that_is_too_large_becomes_a_sentence(send):
    data = {"notes": ["x" * 100] * 1000}
    assert send(payload("end_of_call_report", analysis={"structuredData": data})).status_code == 204
    kept = Delivery.objects.get().payload["analysis"]["structuredData"]
    assert kept == "[left out by AVA: 103,011 bytes, at most 16,384 fit]"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shape", [dict, lambda **arguments: json.dumps(arguments)])
def test_a_tool_call_with_too_large_arguments_hears_so_and_is_not_run(send, tool, shape):
    calls = [call_of(0, day="x" * 20_000), call_of(1, day="Friday")]
    for call in calls:
        call["function"]["arguments"] = shape(**call["function"]["arguments"])
    found = send(payload("tool_calls", toolCallList=calls)).json()["results"]
    assert found[0]["error"] == "The arguments are too large: at most 16 KiB."
    assert "result" in found[1]
    assert tool == [{"day": "Friday"}]
    assert len(json.dumps(Delivery.objects.get().payload)) < 10_000


@pytest.mark.django_db(transaction=True)
def test_of_very_many_tool_calls_20_are_kept_and_run(send, tool):
    calls = [call_of(number, n=number) for number in range(500)]
    assert len(send(payload("tool_calls", toolCallList=calls)).json()["results"]) == 20
    assert len(Delivery.objects.get().payload["toolCallList"]) == 20
    assert sorted(given["n"] for given in tool) == list(range(20))


def test_of_very_many_marks_20_are_kept(send, reported):
    call = payload("status_update")["message"]["call"]
    marks = {f"ava_{number}": "x" * 128 for number in range(5000)} | {"ava_" + "x" * 5000: "x"}
    overrides = {"assistantOverrides": {"metadata": marks}}
    assert send(payload("status_update", call={**call, **overrides})).status_code == 204
    [event] = reported()
    assert len(event.metadata) == 20


def test_the_largest_report_leaves_a_bounded_row(send):
    """Everything at its longest, in the widest characters."""
    wide = "\U0001f600" * 250_000
    said = [{"role": "bot", "message": wide[:4000], "time": wide[:4000]}] * 60
    call = {"id": CALL, **dict.fromkeys(("type", "status", "endedReason"), wide[:9000])}
    body = payload(
        "end_of_call_report",
        call=call,
        transcript=wide,
        artifact={"transcript": wide, "messages": said},
        analysis={"summary": wide, "structuredData": {"a": wide}},
    )
    raw = json.dumps(body, ensure_ascii=False).encode()
    assert len(raw) < 8 * 1024 * 1024
    assert send(raw).status_code == 204
    assert len(json.dumps(Delivery.objects.get().payload)) < 4 * 1024 * 1024
