"""How lists are cut into pages. Apart from `ava.api`: DRF loads it while its own views load."""

from rest_framework.pagination import LimitOffsetPagination


class Pagination(LimitOffsetPagination):
    """`limit` and `offset`; at most 200 rows a page."""

    default_limit = 50
    max_limit = 200
