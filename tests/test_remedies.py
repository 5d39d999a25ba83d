"""Cause and remedy of every failure that AVA knows: none can be added without."""

from collections.abc import Iterator

import pytest

import ava.urls  # noqa: F401 - with it come the problems of all apps
from ava.activity.words import KINDS, Words, words_of
from ava.http.problems import Problem
from ava.inbound.models import Delivery
from ava.intents.models import Intent
from ava.jobs.models import Job
from ava.upstream.errors import ProviderProblem
from vapi_settings.models import Revision

ANYTHING = words_of("request", "599")


def below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def is_told(words: Words) -> bool:
    return words.cause.endswith(".") and words.remedy.endswith((".", ")."))


def problems() -> list[type[Problem]]:
    """Of AVA itself; tests have some of their own."""
    return sorted(
        (one for one in below(Problem) if "tests" not in one.__module__),
        key=lambda one: (one.__module__, one.__name__),
    )


@pytest.mark.parametrize("problem", problems(), ids=lambda one: one.__name__)
def test_a_request_that_ended_in_a_problem(problem: type[Problem]) -> None:
    words = words_of("request", str(int(problem.status)))
    assert is_told(words)
    assert words != ANYTHING, f"ava.activity.words says nothing of {int(problem.status)}"


@pytest.mark.parametrize("problem", [one for one in problems() if issubclass(one, ProviderProblem)])
def test_an_attempt_that_ended_in_a_problem(problem: type[ProviderProblem]) -> None:
    assert is_told(words_of("attempt", problem.code))


def test_whatever_a_provider_answers() -> None:
    untold = [status for status in range(300, 600) if not is_told(words_of("attempt", str(status)))]
    assert untold == []


def test_what_came_of_a_request_and_failed() -> None:
    rows = [one for one in below(Intent) if issubclass(one, Intent) and not one._meta.abstract]
    assert {one.activity_kind for one in rows} == {"call", "message", "mail", "event"}
    failed = [
        (one.activity_kind, word) for one in rows for word in one.FAILED & {*one.machine.ranks}
    ]
    states = {"revision": Revision.Status, "job": Job.State, "webhook": Delivery.State}
    failed += [(kind, word) for kind, words in states.items() for word in words.values]
    assert [one for one in failed if not is_told(words_of(*one))] == []
    assert [kind for kind in KINDS if not is_told(words_of(kind, "failed"))] == []
