"""Story of a correlation ID as lines of a terminal."""

from collections.abc import Sequence

import pytest

from ava.activity.terminal import NARROWEST, story_lines
from ava.activity.tests.test_verdict import BEGAN, attempt, entry, request
from ava.observability.recorder import Entry

STORY = (
    entry(-1500, "breaker", "Vapi: open to half open, recovery time is over", "half_open"),
    request("200"),
    attempt(10, "500"),
    attempt(90, "200", 2),
)


def lines(entries: Sequence[Entry] = STORY, width: int = 120) -> list[str]:
    paint = "{0}<{1}>".format if width > 500 else lambda tone, text: text
    return list(story_lines(entries, begun=BEGAN, whose="ada", width=width, paint=paint))


def test_the_time_line_has_a_bar_where_and_as_long_as_it_took() -> None:
    first, second = [one for one in lines() if "Vapi: GET" in one and " ms " in one]
    assert first.startswith("   +10 ms Provider        500")
    assert second.startswith("   +90 ms Provider        200")
    assert first.index("█") < second.index("█")
    [whole] = [one for one in lines() if one.endswith("PUT /api/v1/thing") and "█" in one]
    assert whole.count("█") == 24 > first.count("█") == 1


def test_what_came_before_has_a_minus() -> None:
    assert [one for one in lines() if one.startswith("   -1.5 s Circuit breaker half open")]


@pytest.mark.parametrize("width", [20, NARROWEST, 80, 99, 100, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    story = [*STORY, attempt(95, "404", about="Twilio: GET /2010-04-01/" + 90 * "A")]
    assert max(map(len, lines(story, width))) <= max(width, NARROWEST)
    assert all(("█" in "".join(lines(story, width))) == (width >= 100) for _ in [0])


def test_a_path_cannot_steer_the_terminal() -> None:
    story = [entry(0, "request", "GET /a\x1b[2Jb\nc: said \x07", "404", takes=1)]
    assert all(one.isprintable() for one in lines(story))


def test_states_are_coloured_by_how_good_they_are() -> None:
    text = "\n".join(lines(width=501))
    assert text.startswith("good<It was done, after trouble.>")
    assert "bad<500        >" in text
    assert "waiting<half open  >" in text
    assert "head<Cause     >" in text
