"""What the home page shows. Apps register their part in `apps.py`; rows of all apps together cost
two statements, however many there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db.models import CharField, F, IntegerField, QuerySet, Subquery, Value

from ava.console import navigation
from ava.console.states import Tone

MOST_COUNTED = 10_000
MOST_FAILURES = 5
WEEK = timedelta(days=7)
Weight = Literal[1, 2, 3]


@dataclass(frozen=True)
class Attention:
    """Something that wants a person, with the one next step.

    Args:
        weight: 1 stops work, 2 hurts, 3 wants to be known.
    """

    weight: Weight
    tone: Tone
    title: str
    text: str
    action: str = ""
    room: str = ""  # the URL name of the room where that is done
    retry_after: int | None = None

    @property
    def href(self) -> str:
        return navigation.link(self.room) if self.room else ""


@dataclass(frozen=True)
class Health:
    """A provider: whose credentials, and how it does."""

    name: str
    state: str  # a word of `ava.console.states`
    source: str  # a sentence
    retry_after: int | None = None
    next_step: str = ""


@dataclass(frozen=True)
class Step:
    """A step of the first visit. It ticks itself."""

    place: int
    title: str
    text: str
    is_done: bool
    action: str
    room: str

    @property
    def href(self) -> str:
        return navigation.link(self.room)


@dataclass(frozen=True)
class Part:
    """What one app adds, asked of it at each visit."""

    attention: Sequence[Attention] = ()
    health: Sequence[Health] = ()
    steps: Sequence[Step] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of rows that are counted by day, and of which some fail.

    Args:
        room: URL name of its list, and the prefix of its rows' addresses.
        rows: a user's rows, with `created_at`, `status`, `error` and `correlation_id`.
        failed: statuses, each of which an index finds for the user, the newest first.
        who: the column that says with whom.
    """

    name: str
    one: str
    room: str
    rows: Callable[[User], QuerySet[Any]]
    failed: Sequence[str]
    who: str


@dataclass(frozen=True)
class Figure:
    name: str
    room: str
    today: int
    before: int  # by the same time of the same weekday last week

    @property
    def href(self) -> str:
        return navigation.link(self.room)

    @property
    def change(self) -> int:
        return self.today - self.before

    @property
    def fewer(self) -> int:
        return -self.change


@dataclass(frozen=True)
class Failure:
    kind: str
    who: str
    status: str
    error: str
    at: datetime
    correlation_id: str
    href: str


@dataclass(frozen=True)
class Home:
    title: str
    weekday: str
    attention: Sequence[Attention]
    health: Sequence[Health]
    figures: Sequence[Figure]
    failures: Sequence[Failure]
    steps: Sequence[Step] = field(default=())
    next_step: Step | None = None

    @property
    def is_first_visit(self) -> bool:
        return self.next_step is not None

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)


@dataclass(frozen=True)
class Counts:
    """What parts may go by without a statement of their own: how many of each kind there are, up to
    the few that tell whether there is any."""

    ever: dict[str, int]


Contributor = Callable[[User, datetime, Counts], Part]
_contributors: list[Contributor] = []
_kinds: list[Kind] = []


def register(contributor: Contributor) -> None:
    """Called in `ready()`."""
    _contributors.append(contributor)


def register_kind(kind: Kind) -> None:
    """Called in `ready()`."""
    _kinds.append(kind)


def collect(*, user: User, now: datetime) -> Home:
    figures, counts = _counted(user, now)
    parts = [contributor(user, now, counts) for contributor in _contributors]
    steps = sorted((step for part in parts for step in part.steps), key=lambda step: step.place)
    attention = sorted(
        (each for part in parts for each in part.attention), key=lambda each: each.weight
    )
    return Home(
        title="Home",
        weekday=f"{now:%A}",
        attention=attention,
        health=[each for part in parts for each in part.health],
        figures=figures,
        failures=_failures(user),
        steps=steps,
        next_step=next((step for step in steps if not step.is_done), None),
    )


class _Count(Subquery):
    """Number of a query's rows; it is sliced, so that it costs the same beyond that many."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _counted(user: User, now: datetime) -> tuple[list[Figure], Counts]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    columns: dict[str, Any] = {}
    for number, kind in enumerate(_kinds):
        rows = kind.rows(user).order_by().values("pk")
        before = rows.filter(created_at__gte=midnight - WEEK, created_at__lt=now - WEEK)
        columns[f"today_{number}"] = _Count(rows.filter(created_at__gte=midnight)[:MOST_COUNTED])
        columns[f"before_{number}"] = _Count(before[:MOST_COUNTED])
        columns[f"ever_{number}"] = _Count(rows[:1])
    one: Any = User.objects.filter(pk=user.pk).values(**columns)
    found = one.get() if columns else {}
    figures = [
        Figure(kind.name, kind.room, found[f"today_{number}"], found[f"before_{number}"])
        for number, kind in enumerate(_kinds)
    ]
    ever = {kind.room: found[f"ever_{number}"] for number, kind in enumerate(_kinds)}
    return figures, Counts(ever)


def _failures(user: User) -> list[Failure]:
    """The newest of all kinds. Each status of a kind is found along its own index."""
    arms = [
        _arm(kind, number, status, user)
        for number, kind in enumerate(_kinds)
        for status in kind.failed
    ]
    if not arms:
        return []
    newest = arms[0].union(*arms[1:], all=True).order_by("-at")[:MOST_FAILURES]
    return [_failure(**row) for row in newest]


def _arm(kind: Kind, number: int, status: str, user: User) -> QuerySet[Any, dict[str, Any]]:
    rows = kind.rows(user).filter(status=status)
    few = rows.order_by("-created_at", "-pk").values("pk")[:MOST_FAILURES]
    found: QuerySet[Any, dict[str, Any]] = (
        rows.model._default_manager.filter(pk__in=Subquery(few))
        .order_by()
        .values(
            key=F("pk"),
            kind=Value(number, IntegerField()),
            how=F("status"),
            why=F("error"),
            at=F("created_at"),
            trace=F("correlation_id"),
            whom=F(kind.who) if kind.who else Value("", CharField()),
        )
    )
    return found


def _failure(
    *, key: Any, kind: int, how: str, why: str, at: datetime, trace: str, whom: str
) -> Failure:
    known = _kinds[kind]
    room = navigation.link(known.room)
    return Failure(
        kind=known.one,
        who=whom,
        status=how,
        error=why,
        at=at,
        correlation_id=trace,
        href=f"{room}/{key}" if room else "",
    )
