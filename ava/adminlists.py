"""The admin's lists: a query string that means nothing gets Django's redirect to the whole list."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

LONGEST_SEARCH = 200  # characters
MOST_WORDS = 10  # each is sought in every column


class AvaChangeList(ChangeList):
    """A list whose filters may hold anything: years beyond all calendars, too."""

    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as fault:  # Django reckons with years such as 9999.
            raise IncorrectLookupParameters from fault
