"""Charts and typed JSON."""

import pytest

from ava.console import charts, jsontext
from ava.console.charts import Series


def test_columns_are_stacked_from_the_base_and_fit_below_the_top() -> None:
    chart = charts.columns(["a", "b"], [Series("x", "good", [3, 1]), Series("y", "bad", [1, 0])])
    first, second, third = chart.segments
    assert first.y + first.height == pytest.approx(chart.base)
    assert second.y + second.height == pytest.approx(first.y)
    assert second.y >= 0
    assert third.height == pytest.approx(first.height / 3)
    assert second.title == "a: 1 y"
    assert [row.values for row in chart.rows] == [["3", "1"], ["1", "0"]]


@pytest.mark.parametrize(
    ("most", "top"), [(0, "2"), (3, "4"), (11, "20"), (22, "30"), (95, "100"), (100, "100")]
)
def test_the_scale_ends_at_a_round_number(most: float, top: str) -> None:
    assert charts.columns(["a"], [Series("x", "good", [most])]).ticks[-1].text == top


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, "$0.02"), (0.014, "$0.02"), (0.05, "$0.06"), (0.31, "$0.40"), (9, "$10.00")],
)
def test_the_scale_of_money_goes_down_to_cents(most: float, top: str) -> None:
    chart = charts.columns(["a"], [Series("cost", "accent", [most])], unit="$")
    assert chart.ticks[-1].text == top


def test_many_days_have_a_label_only_now_and_then() -> None:
    days = [str(day) for day in range(90)]
    chart = charts.columns(days, [Series("x", "good", [1.0] * 90)], unit="$")
    assert len(chart.labels) <= 12
    assert chart.rows[0].values == ["$1.00"]


def test_no_days_are_an_empty_chart() -> None:
    assert charts.columns([], []).segments == []


def test_typed_json_is_a_value_or_a_sentence_with_its_line() -> None:
    assert jsontext.parsed(' {"a": [1]} ') == {"a": [1]}
    for text, sentence in (
        ('{\n "a" 1\n}', "Line 2: this is not JSON yet."),
        ("", "Line 1: this is not JSON yet."),
        ("NaN", "This is not JSON yet."),
        ("[" * 100_000, "This is not JSON yet."),
    ):
        with pytest.raises(jsontext.NotJson, match=sentence):
            jsontext.parsed(text)
