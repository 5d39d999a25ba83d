"""Limits of the texts that webhooks bring."""

import pytest

from ava.inbound.limits import cut, cut_json


def test_a_text_within_its_limit_stays_as_it_is() -> None:
    assert cut("x" * 4000, 4000) == "x" * 4000


def test_a_cut_text_fits_and_says_how_much_is_missing() -> None:
    found = cut("x" * 512_345 + "y" * 4000, 4000)
    head, mark = found.split(" [", 1)
    assert len(found) <= 4000
    assert set(head) == {"x"}
    assert mark == f"cut by AVA: {516_345 - len(head):,} characters more]"


@pytest.mark.parametrize("most", [0, 1, 20, 39, 40, 41, 4000])
@pytest.mark.parametrize("length", [41, 999, 10_000, 1_000_000])
def test_cutting_twice_changes_nothing_more(length: int, most: int) -> None:
    once = cut("x" * length, most)
    assert len(once) <= most
    assert cut(once, most) == once


def test_json_that_is_too_large_becomes_a_sentence() -> None:
    assert cut_json({"a": ["b"]}, 13) == {"a": ["b"]}
    assert cut_json("é" * 10, 21) == "[left out by AVA: 22 bytes, at most 21 fit]"
    assert cut_json({"a": "é" * 10_000}) == ("[left out by AVA: 20,008 bytes, at most 16,384 fit]")
