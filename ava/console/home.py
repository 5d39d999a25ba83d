"""Home page: apps register their parts in `apps.py`; rows of all apps together cost two statements,
however many there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F, IntegerField, QuerySet, Subquery, Value

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
        about: the trouble itself, where its title changes while it lasts.
    """

    weight: Weight
    tone: Tone
    title: str
    text: str
    action: str = ""
    room: str = ""  # the URL name of the page where that is done
    retry_after: int | None = None
    about: str = ""
    args: tuple[str, ...] = ()  # of that address

    @property
    def href(self) -> str:
        return navigation.link(self.room, *self.args) if self.room else ""

    @property
    def topic(self) -> str:
        return self.about or self.title


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
    args: tuple[str, ...] = ()

    @property
    def href(self) -> str:
        return navigation.link(self.room, *self.args)


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
        one: what stands before whom it was to: "Call to".
        room: URL name of its list, and the prefix of its rows' addresses.
        rows: a user's rows, with `created_at`, `status`, `error` and `correlation_id`.
        failed: statuses, each of which an index finds for the user, the newest first.
        who: the column that says with whom.
        place: the lower, the further in front.
    """

    name: str
    one: str
    room: str
    rows: Callable[[User], QuerySet[Any]]
    failed: Sequence[str]
    who: str
    place: int = 0


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

    @property
    def story(self) -> str:
        """Address of all that happened under its correlation ID."""
        return navigation.story(self.correlation_id)


@dataclass(frozen=True)
class Home:
    title: str
    weekday: str
    attention: Sequence[Attention]
    health: Sequence[Health]
    figures: Sequence[Figure]
    failures: Sequence[Failure]
    steps: Sequence[Step]
    recovery: int  # seconds for which a breaker stays open

    @property
    def is_first_visit(self) -> bool:
        """Until the last step is done, whatever came before."""
        return bool(self.steps) and not self.steps[-1].is_done

    @property
    def next_step(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)


@dataclass(frozen=True)
class Facts:
    """What contributors may go by without a statement of their own.

    Args:
        true: names of the registered facts that hold, and rooms whose kind has any row.
    """

    true: frozenset[str]
    failures: Sequence[Failure]


Contributor = Callable[[User, datetime, Facts], Part]
Rows = Callable[[User], QuerySet[Any]]
_contributors: list[Contributor] = []
_kinds: list[Kind] = []
_facts: dict[str, Rows] = {}


def register(contributor: Contributor) -> None:
    """Called in `ready()`."""
    _contributors.append(contributor)


def register_kind(kind: Kind) -> None:
    """Called in `ready()`."""
    _kinds.append(kind)
    _kinds.sort(key=lambda one: one.place)
    _facts[kind.room] = kind.rows


def register_fact(name: str, rows: Rows) -> None:
    """A fact holds where the user has such a row. Called in `ready()`."""
    _facts[name] = rows


def collect(*, user: User, now: datetime) -> Home:
    figures, true = _counted(user, now)
    facts = Facts(true, _failures(user))
    parts = [contributor(user, now, facts) for contributor in _contributors]
    return Home(
        title="Home",
        weekday=f"{now:%A}",
        attention=sorted(
            (each for part in parts for each in part.attention), key=lambda each: each.weight
        ),
        health=[each for part in parts for each in part.health],
        figures=figures,
        failures=facts.failures,
        steps=sorted((step for part in parts for step in part.steps), key=lambda step: step.place),
        recovery=settings.BREAKER_RECOVERY_SECONDS,
    )


class _Count(Subquery):
    """Number of a query's rows; it is sliced, so that it costs the same beyond that many."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _counted(user: User, now: datetime) -> tuple[list[Figure], frozenset[str]]:
    """Figures and facts, in one statement."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    columns: dict[str, Any] = {}
    for number, kind in enumerate(_kinds):
        rows = kind.rows(user).order_by().values("pk")
        before = rows.filter(created_at__gte=midnight - WEEK, created_at__lt=now - WEEK)
        columns[f"today_{number}"] = _Count(rows.filter(created_at__gte=midnight)[:MOST_COUNTED])
        columns[f"before_{number}"] = _Count(before[:MOST_COUNTED])
    for number, rows_of in enumerate(_facts.values()):
        columns[f"fact_{number}"] = _Count(rows_of(user).order_by().values("pk")[:1])
    one: Any = User.objects.filter(pk=user.pk).values(**columns)
    found = one.get() if columns else {}
    figures = [
        Figure(kind.name, kind.room, found[f"today_{number}"], found[f"before_{number}"])
        for number, kind in enumerate(_kinds)
    ]
    names = enumerate(_facts)
    return figures, frozenset(name for number, name in names if found[f"fact_{number}"])


def _failures(user: User) -> list[Failure]:
    """The newest of all kinds. Each status of a kind is found along its own index."""
    arms = [
        _arm(kind, number, status, user)
        for number, kind in enumerate(_kinds)
        for status in kind.failed
    ]
    if not arms:
        return []
    newest = arms[0].union(*arms[1:], all=True).order_by("-row_at")[:MOST_FAILURES]
    return [_failure(row) for row in newest]


def _arm(kind: Kind, number: int, status: str, user: User) -> QuerySet[Any, dict[str, Any]]:
    rows = kind.rows(user).filter(status=status)
    few = rows.order_by("-created_at", "-pk").values("pk")[:MOST_FAILURES]
    found: QuerySet[Any, dict[str, Any]] = (
        rows.model._default_manager.filter(pk__in=Subquery(few))
        .order_by()
        .values(
            row_key=F("pk"),
            row_kind=Value(number, IntegerField()),
            row_status=F("status"),
            row_error=F("error"),
            row_at=F("created_at"),
            row_trace=F("correlation_id"),
            row_who=F(kind.who),
        )
    )
    return found


def _failure(row: dict[str, Any]) -> Failure:
    kind = _kinds[row["row_kind"]]
    room = navigation.link(kind.room)
    return Failure(
        kind=kind.one,
        who=row["row_who"],
        status=row["row_status"],
        error=row["row_error"],
        at=row["row_at"],
        correlation_id=row["row_trace"],
        href=f"{room}/{row['row_key']}" if room else "",
    )
