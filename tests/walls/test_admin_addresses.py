"""The admin's addresses: whatever they hold, no hidden column is read and nothing breaks."""

from collections.abc import Iterable
from itertools import islice, product
from typing import Any, TypeVar

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from tests.walls.rows import MODELS, address, permissions, row, staff

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:.*received a naive datetime"),  # a date alone in an address
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)

HUGE = "9" * 40
NUL = "%00"
BAD = (
    "99999",
    HUGE,
    "-1",
    "abc",
    NUL,
    "",
    "9999-12-31",
    "0001-01-01T00:00:00%2B14:00",
    "%FF",
    "1e9",
)
LOOKUPS = ("regex", "iregex", "startswith", "contains", "in", "gt", "range", "year__gt", "length")
PARAMETERS = ("p", "o", "q", "all", "e", "_popup", "_to_field", "_facets", "_changelist_filters")
ORDERS = ("99", "-99", "-", ".", "--1", "1.1.1", "1.-1", "0.5", "9" * 5000)
QUERIES = (
    *(f"{name}={value}" for name, value in product(PARAMETERS, (HUGE, "-1", NUL, ""))),
    *(f"o={value}" for value in ORDERS),
    "_to_field=id", "_popup=1&_to_field=pk", "e=1&p=99", "all=1&p=99", "q=%22&q='", "&&==&%",
    "q=" + "a+" * 1000, "q=" + "a" * 3000, "nothing=1", "__regex=(", "id__exact=1", "pk=1",
)  # fmt: skip


PARTS = 6

T = TypeVar("T")


def share(model: type[Model], values: Iterable[T]) -> list[T]:
    """This model's part of what Django's own code has to bear: all is tried, by several models."""
    return [*islice(values, MODELS.index(model) % PARTS, None, PARTS)]


@pytest.fixture
def root(operator: User) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(operator)
    return browser


def broken(browser: Client, *addresses: str) -> list[str]:
    return [each for each in addresses if browser.get(each).status_code >= 500]


def own_filters(model: type[Model], root: Client) -> set[str]:
    """What the page offers beside the list."""
    request = root.get(address(model, "changelist")).wsgi_request
    page: Any = admin.site._registry[model]
    return set(page.offered(request))


@every_model
def test_a_column_is_searched_by_the_filters_beside_the_list_alone(
    model: type[Model], user: User
) -> None:
    row(model, user)
    viewer, shown = staff(*permissions(model, "view")), address(model, "changelist")
    offered = {f"{each[0] if isinstance(each, tuple) else each}" for each in _filtered(model)}
    for number, field in enumerate(model._meta.concrete_fields):
        # One list says which names are filters; a lookup is no part of the question.
        ways = [f"{field.name}__{way}" for way in LOOKUPS[number % 3 :: 3]]
        if field.name not in offered:
            ways += [field.name, f"{field.name}__exact", f"{field.name}__isnull"]
        if field.related_model is User:
            ways += [f"{field.name}__{way}" for way in ("password__startswith", "email", "id__gt")]
        for way in ways:
            assert viewer.get(f"{shown}?{way}=1").status_code == 400, way


@every_model
def test_a_query_string_of_garbage_breaks_no_list(
    model: type[Model], root: Client, user: User
) -> None:
    row(model, user)
    shown = address(model, "changelist")
    filters = sorted(own_filters(model, root))
    parts = {name.rpartition("__")[0] for name in filters if name.endswith("__year")}
    whole = [
        f"{part}__year={year}&{part}__month={month}&{part}__day={day}"
        for part in parts
        for year, month, day in (("9999", "12", "31"), ("1", "1", "1"), (HUGE, "1", "1"))
    ]
    whole += [f"{part}__year=9999{more}" for part in parts for more in ("", f"&{part}__month=12")]
    many = [f"{name}=a&" * 990 for name in filters[-1:]]
    # Each filter gets some of the values, and each value goes to some filters of every model.
    chosen = share(model, (f"{name}={value}" for name, value in product(filters, BAD)))
    tried = (*share(model, QUERIES), *chosen, *whole, *many)
    assert broken(root, *(f"{shown}?{q}" for q in tried)) == []


@every_model
def test_garbage_for_a_row_breaks_no_page(model: type[Model], root: Client, user: User) -> None:
    one = row(model, user).pk
    start = address(model, "changelist")
    pages = ("change/", "delete/", "history/", "password/", "")
    keys = (HUGE, "-1", "abc", NUL, "_00", "%FF", "a/b", "0", "1e9")
    tried = product(share(model, keys), pages)
    assert broken(root, *(f"{start}{key}/{page}" for key, page in tried)) == []
    names = [field.name for field in model._meta.concrete_fields] + ["p", "_changelist_filters"]
    queries = ["&".join(f"{name}={value}" for name in names) for value in ("abc", HUGE, NUL)]
    queries += ["_to_field=", "_to_field=abc", "_to_field=id&_popup=1"]
    for page in ("add/", f"{one}/change/", f"{one}/delete/", f"{one}/history/"):
        more = "&provider=vapi" if page == "add/" else ""
        assert broken(root, *(f"{start}{page}?{query}{more}" for query in queries)) == []


@every_model
def test_garbage_in_a_form_breaks_nothing(model: type[Model], root: Client, user: User) -> None:
    one, start = row(model, user).pk, address(model, "changelist")
    actions = [name for name, *_ in admin.site._registry[model].get_action_choices(
        root.get(start).wsgi_request) if name]  # fmt: skip
    for key, action in share(model, product(("abc", HUGE, "", "\0", "1e9"), (*actions, "\0"))):
        body = {"action": action, "_selected_action": [key], "index": HUGE, "post": "yes"}
        assert root.post(start, body).status_code < 500, body
        body.pop("index")
        assert root.post(start, body).status_code < 500, body
    fields = [field.name for field in model._meta.get_fields() if field.concrete]
    rows = {"overrides-TOTAL_FORMS": "2", "overrides-INITIAL_FORMS": "1"}
    for value in ("abc", HUGE, "\0"):
        body = dict.fromkeys((*fields, "overrides-0-user", "overrides-0-id"), value)
        more = (
            {},
            rows,
            {"overrides-TOTAL_FORMS": value},
            {"_saveasnew": "1"},
            {"_to_field": value},
        )
        pages = ("add/?provider=vapi", f"{one}/change/", f"{one}/delete/")
        for page, each in share(model, product(pages, more)):
            sent = body | each
            assert root.post(f"{start}{page}", sent).status_code < 500, (page, sent)


def test_garbage_for_the_search_box_and_for_links_breaks_nothing(root: Client) -> None:
    kinds = {model._meta.label_lower: model for model in MODELS} | {"admin.logentry": None}
    queries = []
    for label, model in kinds.items():
        app, _, name = label.partition(".")
        names = [field.name for field in model._meta.get_fields()] if model else ["user"]
        queries += [f"app_label={app}&model_name={name}&field_name={field}" for field in names]
    places = [f"/admin/autocomplete/?{query}" for query in queries]
    flags = "app_label=integrations&model_name=flagoverride&field_name=user"
    places += [
        f"/admin/autocomplete/?{flags}&{more}={bad}"
        for more, bad in product(("term", "page", "field_name"), (*BAD, "a+" * 1000))
    ]
    places += [f"/admin/r/{kind}/{key}/" for kind, key in product((*range(60), HUGE), ("abc", NUL))]
    assert broken(root, "/admin/autocomplete/", *places) == []


def _filtered(model: type[Model]) -> tuple[Any, ...]:
    page = admin.site._registry[model]
    return (*page.list_filter, page.date_hierarchy)
