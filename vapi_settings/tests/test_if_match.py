"""PUT with If-Match: a change made in between is not overwritten."""

import pytest

from vapi_settings.conftest import SETTINGS


def test_the_tag_of_the_read_lets_the_change_pass_and_a_new_tag_comes_back(ada, put, vapi):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    answer = put("temperature", 1.2, HTTP_IF_MATCH=tag)
    assert answer.status_code == 200
    assert answer["ETag"] != tag
    assert answer["ETag"] == ada.get(f"{SETTINGS}/temperature")["ETag"]
    assert put("temperature", 1.3, HTTP_IF_MATCH=answer["ETag"]).status_code == 200


def test_a_value_changed_in_between_is_a_412_with_both_values(ada, put, vapi):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    vapi.change(model={**vapi.document()["model"], "temperature": 0.2})
    answer = put("temperature", 1.2, HTTP_IF_MATCH=tag)
    assert answer.status_code == 412
    body = answer.json()
    assert body["code"] == "precondition_failed"
    assert body["requested"] == 1.2
    assert body["current"]["value"] == 0.2
    assert body["current"]["etag"] == answer["ETag"]
    assert vapi.patches == []
    assert put("temperature", 1.2, HTTP_IF_MATCH=answer["ETag"]).status_code == 200


@pytest.mark.parametrize("of", ["", "/max_tokens", None])
def test_a_tag_that_was_never_this_keys_does_not_say_that_somebody_changed_it(ada, put, of):
    """That of the list, of another key, or a made-up one: AVA cannot tell it from an old one."""
    tag = '"made-up"' if of is None else ada.get(f"{SETTINGS}{of}")["ETag"]
    answer = put("temperature", 1.2, HTTP_IF_MATCH=tag)
    assert answer.status_code == 412
    assert answer.json()["detail"] == (
        "temperature does not hold the value that If-Match stands for: it was changed in between, "
        "or the ETag is not of this setting. Read it again, then decide."
    )


def test_another_setting_changed_in_between_does_no_harm(ada, put, vapi):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    vapi.change(model={**vapi.document()["model"], "maxTokens": 333})
    assert put("temperature", 1.2, HTTP_IF_MATCH=tag).status_code == 200
    assert vapi.document()["model"]["maxTokens"] == 333


@pytest.mark.parametrize("pattern", ['"other", {}', "{}, W/{}", "*"])
def test_lists_and_the_star_match(ada, put, pattern):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    answer = put("temperature", 1.2, HTTP_IF_MATCH=pattern.replace("{}", tag))
    assert answer.status_code == 200


REWRITTEN = ['W/"{}"', *(f'"{{}}{added}"' for added in ("-gzip", "--gzip", ";gzip", "-br", ";gz"))]


@pytest.mark.parametrize("pattern", [*REWRITTEN, 'W/"{}-zstd"', '"other", W/"{}"', "{}", "W/{}"])
def test_a_tag_that_a_proxy_or_a_script_rewrote_means_the_same_value(ada, put, pattern):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    known = pattern.format(tag.strip('"'))
    for path in (f"{SETTINGS}/temperature", "/api/schema"):
        tag = ada.get(path)["ETag"]
        read = ada.get(path, HTTP_IF_NONE_MATCH=pattern.format(tag.strip('"')))
        assert (read.status_code, read["ETag"]) == (304, tag)
    assert put("temperature", 1.2, HTTP_IF_MATCH=known).status_code == 200
    assert put("temperature", 1.3, HTTP_IF_MATCH=known).status_code == 412


@pytest.mark.parametrize("pattern", ['"other"', 'W/"other"', '"{}-more"', '"gzip"', "garbage", ""])
def test_foreign_tags_do_not(ada, put, vapi, pattern):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    answer = put("temperature", 1.2, HTTP_IF_MATCH=pattern.replace("{}", tag.strip('"')))
    assert answer.status_code == 412
    assert vapi.patches == []


def test_the_star_does_not_match_a_custom_setting_that_is_not_there(put, vapi):
    assert put("new_key", 1, HTTP_IF_MATCH="*").status_code == 412
    assert put("new_key", 1).status_code == 200
    assert put("new_key", 2, HTTP_IF_MATCH="*").status_code == 200
