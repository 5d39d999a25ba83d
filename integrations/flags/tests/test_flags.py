from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations import runtime_config
from integrations.flags import services
from integrations.flags.models import Flag, FlagOverride
from integrations.flags.services import save_override, set_flag
from integrations.runtime_config import StaleOnErrorCache, is_on

pytestmark = pytest.mark.database

NAME = "ALLOW_ENV_CREDENTIALS"


@pytest.fixture
def environment(settings: Any) -> Any:
    def say(on: bool) -> None:
        settings.FLAGS = {**settings.FLAGS, NAME: on}

    return say


def for_one(user: User, state: str) -> FlagOverride:
    flag, _ = Flag.objects.get_or_create(name=NAME)
    override = FlagOverride(flag=flag, user=user, state=state)
    save_override(override=override, by=None)
    return override


@pytest.mark.parametrize("on", [True, False])
def test_without_rows_the_environment_decides(db: None, environment: Any, on: bool) -> None:
    environment(on)
    assert is_on(NAME) is on


@pytest.mark.parametrize("on", [True, False])
def test_the_admin_beats_the_environment(db: None, environment: Any, on: bool) -> None:
    environment(on)
    set_flag(name=NAME, state="off" if on else "on", by=None)
    assert is_on(NAME) is not on


@pytest.mark.parametrize("on", [True, False])
def test_one_users_answer_beats_the_admins(user: User, stranger: User, on: bool) -> None:
    set_flag(name=NAME, state="off" if on else "on", by=None)
    for_one(user, "on" if on else "off")
    assert is_on(NAME, user=user) is on
    assert is_on(NAME, user=stranger) is not on
    assert is_on(NAME) is not on


def test_unset_leaves_it_to_the_environment_again(db: None, environment: Any) -> None:
    environment(True)
    set_flag(name=NAME, state="off", by=None)
    set_flag(name=NAME, state="unset", by=None)
    assert is_on(NAME)


@pytest.mark.parametrize("change", [services.save_override, services.delete_override])
def test_an_answer_for_one_user_leaves_what_a_colleague_set_for_all_meanwhile(
    user: User, operator: User, change: Any
) -> None:
    override = for_one(user, "on")  # read with its flag, which is unset as yet
    set_flag(name=NAME, state="off", by=None, note="leak")
    change(override=override, by=operator)
    flag = Flag.objects.get(name=NAME)
    assert (flag.state, flag.note, flag.updated_by) == ("off", "leak", operator)
    assert not is_on(NAME)


def test_a_taken_back_answer_for_one_user_counts_no_more(user: User, environment: Any) -> None:
    environment(False)
    override = for_one(user, "on")
    assert is_on(NAME, user=user)
    services.delete_override(override=override, by=None)
    assert not is_on(NAME, user=user)


def test_an_unknown_flag_is_a_mistake(db: None) -> None:
    with pytest.raises(KeyError):
        is_on("NO_SUCH_FLAG")
    with pytest.raises(KeyError):
        set_flag(name="NO_SUCH_FLAG", state="on", by=None)
    with pytest.raises(ValueError, match="maybe"):
        set_flag(name=NAME, state="maybe", by=None)


def test_asking_often_costs_no_query(db: None) -> None:
    is_on(NAME)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _ in range(100):
            is_on(NAME)
    assert len(queries) == 0


def test_another_process_is_heard_within_a_second(
    db: None, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    rows = StaleOnErrorCache(
        "flags", runtime_config._read_flags, {}, seconds=1.0, clock=lambda: clock[0]
    )
    monkeypatch.setattr(runtime_config, "_flags", rows)
    environment(True)
    set_flag(name=NAME, state="on", by=None)
    assert is_on(NAME)
    Flag.objects.update(state="off")  # no signal: as if written elsewhere
    assert is_on(NAME)
    clock[0] = 1.0
    assert not is_on(NAME)


def test_a_database_in_trouble_leaves_the_last_known_answer(
    db: None, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(True)
    set_flag(name=NAME, state="off", by=None)
    assert not is_on(NAME)
    monkeypatch.setattr(Flag._meta, "db_table", "gone")
    runtime_config.expire()
    assert not is_on(NAME)


def test_without_any_answer_of_the_database_the_environment_decides(
    db: None, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(True)
    monkeypatch.setattr(Flag._meta, "db_table", "gone")
    assert is_on(NAME)


@pytest.fixture
def admin(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def test_the_admin_lists_every_known_flag_by_itself(admin: Client, settings: Any) -> None:
    page = admin.get("/admin/integrations/flag/").content.decode()
    assert set(settings.FLAGS) == set(Flag.objects.values_list("name", flat=True))
    for name in settings.FLAGS:
        assert name in page


def test_the_admin_switches_a_flag_off_at_run_time(
    admin: Client, operator: User, environment: Any
) -> None:
    environment(True)
    admin.get("/admin/integrations/flag/")
    flag = Flag.objects.get(name=NAME)
    assert is_on(NAME)
    answer = admin.post(
        f"/admin/integrations/flag/{flag.pk}/change/",
        {"state": "off", "note": "leak", "overrides-TOTAL_FORMS": 0, "overrides-INITIAL_FORMS": 0},
    )
    assert answer.status_code == 302
    assert not is_on(NAME)
    flag.refresh_from_db()
    assert (flag.note, flag.updated_by) == ("leak", operator)


def test_the_admin_answers_for_one_user_changes_it_and_takes_it_back(
    admin: Client, user: User, stranger: User, environment: Any
) -> None:
    environment(False)
    admin.get("/admin/integrations/flag/")
    flag = Flag.objects.get(name=NAME)
    url = f"/admin/integrations/flag/{flag.pk}/change/"

    def post(initial: int, **override: Any) -> None:
        form = {"state": "unset", "overrides-TOTAL_FORMS": 1, "overrides-INITIAL_FORMS": initial}
        form |= {f"overrides-0-{name}": value for name, value in override.items()}
        assert admin.post(url, form).status_code == 302

    post(0, user=user.pk, state="on")
    assert is_on(NAME, user=user)
    row = FlagOverride.objects.get()
    post(1, id=row.pk, user=stranger.pk, state="on")
    assert (is_on(NAME, user=user), is_on(NAME, user=stranger)) == (False, True)
    post(1, id=row.pk, user=stranger.pk, state="on", DELETE="on")
    assert not is_on(NAME, user=stranger)


def test_flags_are_neither_added_nor_deleted(admin: Client) -> None:
    admin.get("/admin/integrations/flag/")
    flag = Flag.objects.first()
    assert admin.get("/admin/integrations/flag/add/").status_code == 403
    assert admin.post(f"/admin/integrations/flag/{flag.pk}/delete/").status_code == 403


def test_the_breaker_takes_no_answer_for_single_users(admin: Client, user: User) -> None:
    services.ensure_rows()
    for name, offered in (("CIRCUIT_BREAKER_ENABLED", False), ("INTEGRATIONS_STUB_MODE", True)):
        flag = Flag.objects.get(name=name)
        page = admin.get(f"/admin/integrations/flag/{flag.pk}/change/").content.decode()
        assert ("Answers for single users" in page or "answers for single users" in page) is offered


def test_a_flag_that_this_release_does_not_know_is_only_shown(admin: Client) -> None:
    flag = Flag.objects.create(name="OF_ANOTHER_RELEASE")
    url = f"/admin/integrations/flag/{flag.pk}/change/"
    assert admin.get(url).status_code == 200
    assert admin.post(url, {"state": "on", "note": ""}).status_code == 403
