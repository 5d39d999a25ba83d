"""A name that is typed before what bears it is gone for good."""

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest, HttpResponse

from ava.console.views import render


@dataclass(frozen=True)
class TypedName:
    name: str
    typed: str | None = None  # None: not asked yet

    @classmethod
    def of(cls, request: HttpRequest, name: str) -> Self:
        return cls(name, request.POST.get("typed", "") if request.method == "POST" else None)

    @property
    def fits(self) -> bool:
        return self.typed is not None and _plain(self.typed) == _plain(self.name)

    @property
    def fault(self) -> str:
        return "" if self.typed is None or self.fits else f"Type {self.name}, as it stands here."

    @property
    def status(self) -> int:
        """Of the page that asks."""
        return 422 if self.fault else 200


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@dataclass(frozen=True)
class LastQuestion:
    """The page that asks for it.

    Args:
        text: what stops.
        back: URL name of the page it is about; `room`: the word for that page.
        curl: the same by the API.
    """

    title: str
    text: str
    verb: str
    back: str
    room: str
    sure: TypedName
    curl: str

    def ask(self, request: HttpRequest) -> HttpResponse:
        return render(request, "console/last_question.html", self, status=self.sure.status)
