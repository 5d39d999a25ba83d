"""Base of the admin pages of all apps: staff see and do what their permissions say, no more."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from ava.http.keyset import MOST_COUNTED
from ava.observability.redaction import without_passwords

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _BaseModelAdmin = admin.options.BaseModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _BaseModelAdmin = object

LONGEST_SEARCH = 200  # characters
MOST_WORDS = 10  # each is sought in every column
_WHOLE = "__exact"
_WAYS = ("", "__exact", "__isnull", "__gte", "__lt", "__id__exact")  # of Django's own filters


class Choices(_BaseModelAdmin):
    """Choices of related rows: those that the role may view."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Choice(db_field, self.admin_site))
        if not may_view(request, related):
            kwargs["queryset"] = related._default_manager.none()
            rows = related._meta.verbose_name_plural
            kwargs["help_text"] = f"To choose one you need the permission to view {rows}."
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class Choice(AutocompleteSelect):
    """Django's search box, without options that are no key of a row."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [v for v in value if _is_key(self.field.target_field, v)])


class Words(admin.AllValuesFieldListFilter):
    """Filter by words that the page knows: Django looks through the table for those there are."""

    def __init__(
        self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.lookup_choices: Any = sorted(model_admin.words[field_path]())


class FirstPages(Paginator):  # type: ignore[type-arg]  # no argument at run time
    """Pages of the first MOST_COUNTED rows: no more are counted, a filter or a search leads on."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST_COUNTED].count())


class AvaChangeList(ChangeList):
    """List of rows whose filters may hold anything: years beyond all calendars, too."""

    def get_filters(self, request: HttpRequest) -> Any:
        words = getattr(self.model_admin, "words", {})
        self.list_filter: Any = [(n, Words) if n in words else n for n in self.list_filter]
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as fault:  # Django reckons with years such as 9999.
            raise IncorrectLookupParameters from fault


class AvaAdmin(Choices, _ModelAdmin):
    """Base of every page of the admin: takes the filters that it offers, and no others."""

    paginator = FirstPages
    show_facets = admin.ShowFacets.NEVER  # each is a count of the whole table
    words: ClassVar[Mapping[str, Callable[[], Iterable[str]]]] = {}
    """Values that filters by fields without choices offer, by field."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        # Any other look-up would read columns that are not shown, or run a regular expression.
        return request is not None and lookup in self.offered(request)

    def offered(self, request: HttpRequest) -> set[str]:
        names = map(str, self.get_list_filter(request))
        dates = (f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day"))
        return {f"{name}{way}" for name in names for way in _WAYS} | set(dates)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[AvaChangeList]:
        return AvaChangeList

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Django's; e-mail addresses for those only who may view users."""
        found = super().get_search_fields(request)
        if request.user.has_perm("auth.view_user"):
            return list(found)
        return [path for path in found if not path.endswith("__email")]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        too_long = len(search_term) > LONGEST_SEARCH or len(search_term.split()) > MOST_WORDS
        if too_long or "\0" in search_term:
            text = f"Search for at most {MOST_WORDS} words of {LONGEST_SEARCH} characters together."
            self.message_user(request, text, messages.WARNING)
            return queryset.none(), False
        paths = self.get_search_fields(request)
        if paths and all(path.endswith(_WHOLE) for path in paths):
            return self._found(queryset, search_term.strip(), paths), False
        return super().get_search_results(request, queryset, search_term)

    def _found(self, rows: QuerySet[Any], term: str, paths: list[str]) -> QuerySet[Any]:
        """Rows whose first column to hold the term holds it whole. One column alone: an OR over
        several, and a join, would look through the table."""
        for path in paths if term else ():
            column, _, other = path.removesuffix(_WHOLE).partition("__")
            wanted: Any = term
            if other:
                related: Any = self.opts.get_field(column).related_model
                wanted = related.objects.filter(**{other: term}).first()
            found = rows.filter(**{column: wanted}) if wanted else rows.none()
            if found[:1]:  # in its order, along an index
                return found
        return rows.none() if term else rows

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any
    ) -> HttpResponse | None:
        if not all(_is_key(self.opts.pk, v) for v in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            self.message_user(request, "There are no such rows.", messages.WARNING)
            return None
        return super().response_action(request, queryset, *args)

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        if "_saveasnew" in request.POST and not self.save_as:
            # Django would add a row, and would not ask whether that is offered.
            raise SuspiciousOperation("Rows are not copied here.")
        return super().changeform_view(request, *args, **more)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        return super().get_object(request, object_id, from_field or None)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        # Before Django looks for the row: its answer would tell whether there is one.
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)


class ReadOnlyAdmin(AvaAdmin):
    """Base of read-only pages. Actions need the permission "operate": that of changing the rows."""

    show_full_result_count = False
    contents: ClassVar[tuple[str, ...]] = ()
    """Fields that hold what people said or wrote; for staff with CONTENT_PERMISSIONS alone."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The row as it is shown: nothing saves it."""
        row = super().get_object(request, object_id, from_field)
        for field in self.opts.concrete_fields if row else ():
            setattr(row, field.attname, without_passwords(getattr(row, field.attname)))
        return row

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        if not self.contents or request.user.has_perms(settings.CONTENT_PERMISSIONS):
            return fields
        return [*(field for field in fields if field not in self.contents), "withheld"]

    @admin.display(description="contents")
    def withheld(self, row: Model) -> str:
        return "Shown to those only who may view calls and messages."


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    user, meta = request.user, model._meta
    names = (get_permission_codename(verb, meta) for verb in ("view", "change"))
    return any(user.has_perm(f"{meta.app_label}.{name}") for name in names)


def _is_key(field: "Field[Any, Any]", value: Any) -> bool:
    """Whether a row may have this value, as it was typed, for its key."""
    try:
        field.run_validators(field.to_python(value))
    except ValidationError:
        return False
    return "\0" not in str(value)
