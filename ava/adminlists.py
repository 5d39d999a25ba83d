"""The admin's lists: a query string that means nothing gets Django's redirect to the whole list."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError
from django.http import HttpRequest

LONGEST_SEARCH = 200  # characters
MOST_WORDS = 10  # each is sought in every column
MOST_VALUES = 50  # of filters, in one address


class AvaChangeList(ChangeList):
    """A list whose filters may hold anything: dates and numbers beyond all bounds, too."""

    def get_filters(self, request: HttpRequest) -> Any:
        if sum(map(len, self.get_filters_params().values())) > MOST_VALUES:
            raise IncorrectLookupParameters
        with _refused():
            return super().get_filters(request)

    def get_results(self, request: HttpRequest) -> None:
        with _refused():
            super().get_results(request)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError, DataError) as fault:
        raise IncorrectLookupParameters from fault
