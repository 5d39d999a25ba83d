"""`manage.py work`, in this process and in one of its own."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, ManagementUtility, call_command
from django.db import connection

from ava import jobs
from ava.jobs import services
from integrations.tests.process import manage

pytestmark = pytest.mark.database


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("work", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_once_does_what_is_due_and_says_how_much() -> None:
    done: list[dict[str, Any]] = []
    jobs.register("work", done.append)
    services.enqueue("work", {"n": 1})
    services.enqueue("work", {"n": 2})
    assert run("--once") == "2 jobs run.\n"
    assert done == [{"n": 1}, {"n": 2}]
    assert run("--once") == "0 jobs run.\n"


@pytest.mark.django_db
def test_once_does_periodic_work_that_has_no_row_yet() -> None:
    swept: list[int] = []
    jobs.register_periodic("sweep", lambda: swept.append(1), every=60)
    run("--once")
    run("--once")
    assert swept == [1]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_work_is_reported_in_a_sentence() -> None:
    rename = "ALTER TABLE {} RENAME TO {}"
    jobs.register_periodic("sweep", lambda: None, every=60)
    with connection.cursor() as cursor:
        cursor.execute(rename.format("jobs_job", "jobs_away"))
    try:
        with pytest.raises(CommandError, match="The database does not work"):
            run("--once")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(rename.format("jobs_away", "jobs_job"))


@pytest.mark.django_db(transaction=True)
def test_the_command_ends_well() -> None:
    done = manage("work", "--once")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "jobs run." in done.stdout


def test_its_help_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py", "work", "--help"]).execute()
    shown = capsys.readouterr().out
    for word in ("--once", "Ctrl-C", "Celery", "Exit code"):
        assert word in shown
