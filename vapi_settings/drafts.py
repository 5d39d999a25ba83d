"""Drafts: values as they are typed into the editor of a setting, until they are saved."""

from dataclasses import dataclass

from ava.http.problems import Problem


@dataclass(frozen=True)
class Clash:
    """Two values of one setting: what the assistant holds by now, and what was wanted."""

    theirs: str
    mine: str
    etag: str  # of theirs
    revision: int | None = None  # to put back; None: the value that was typed


@dataclass(frozen=True)
class Draft:
    """Draft of a value: what was typed into an editor, and how far the edit is."""

    key: str
    text: str
    etag: str = ""  # of the value that they saw
    curl: str = ""  # the same as a request of the API
    error: str = ""
    after: str | None = None  # to be reviewed
    clash: Clash | None = None
    problem: Problem | None = None  # why it could not be saved
