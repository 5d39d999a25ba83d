"""The soak's own judgement: it notices what is lost, doubled, late, or not the contract's."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults import account, contract
from tests.faults.deployment import Deployment
from tests.faults.faults import Fault
from tests.faults.leaks import Held
from tests.faults.ledger import Attempt, Ledger
from tests.faults.table import Outcome

HEADERS = {"X-Correlation-ID": "a", "Content-Type": contract.PROBLEM}
PROBLEM = {"type": "urn:x", "title": "Unavailable", "status": 503, "detail": "Later."}
IDS = {"status": 503, "correlation_id": "a"}
PROBLEM |= {"code": "overloaded", "correlation_id": "a"}


@contextmanager
def nothing(ava: Deployment) -> Iterator[None]:
    yield


FAULT = Fault("Something fails", nothing, 1, frozenset({"overloaded"}), recovers_in=2)
GOOD, LATE_GOOD = Attempt("list", 0.5, 0.6, 200), Attempt("list", 1.1, 1.2, 200)


def broken(*attempts: Attempt, recovered: bool = True) -> list[str]:
    return Outcome(FAULT, (GOOD, *([LATE_GOOD] if recovered else []), *attempts), 1.0).broken


@pytest.mark.parametrize(
    ("headers", "body", "status", "said"),
    [
        ({}, PROBLEM, 503, "503 without a correlation ID"),
        (HEADERS, {**PROBLEM, "status": 500}, 500, "500 overloaded"),
        ({**HEADERS, "Content-Type": "text/html"}, PROBLEM, 502, "502 is text/html"),
        (HEADERS, {**PROBLEM, "correlation_id": "b"}, 503, "503 overloaded contradicts itself"),
        (HEADERS, {"code": "overloaded", **IDS}, 503, "503 without type, title, detail"),
        (HEADERS, PROBLEM, 503, ""),
    ],
)  # fmt: skip
def test_an_error_has_the_contracts_form(
    headers: dict[str, str], body: dict[str, object], status: int, said: str
) -> None:
    assert contract.offence(status, headers, json.dumps(body).encode(), is_page=False) == said


def test_only_the_codes_of_a_fault_are_seen_and_for_no_longer_than_said() -> None:
    assert broken(Attempt("list", 0.5, 0.6, 503, "overloaded")) == []
    assert broken(Attempt("list", 0.5, 0.6, 502, "provider_unreachable")) != []
    assert broken(Attempt("list", 3.5, 3.6, 503, "overloaded")) == [
        "the last error 2.5 s after the end"
    ]
    assert broken(recovered=False) == ["not one good answer since"]


def test_what_is_lost_or_doubled_is_named() -> None:
    ledger = Ledger()
    for mark in ("once", "twice", "lost", "elsewhere", "never told"):
        ledger.want("mail", mark)
        if mark != "never told":
            ledger.tell("mail", mark, f"id of {mark}")
    got = Counter(["once", "twice", "twice", "elsewhere"])
    rows = {f"id of {mark}": mark for mark in ("once", "twice", "lost")}
    assert [*account.compare("mail", ledger, got, rows)] == [
        "mail to elsewhere: acknowledged as id of elsewhere, which is for None",
        "mail to lost: 0 at the provider",
        "mail to twice: 2 at the provider",
    ]


def test_more_than_comes_and_goes_is_a_leak() -> None:
    before = Held(500, 100, 50, 40, 10)
    assert Held(600, 120, 55, 45, 15).leaks(before) == []
    assert Held(700, 121, 50, 40, 10).leaks(before) == [
        "memory mib: 500 before, 700 after",
        "descriptors: 100 before, 121 after",
    ]
