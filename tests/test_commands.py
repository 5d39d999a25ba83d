"""Commands of AVA: what all have in common, as their users see it."""

import re
from pathlib import Path

import pytest
from django.core.management import ManagementUtility, get_commands

from ava.management.base import Command
from integrations.tests.process import manage

OURS = sorted(
    name
    for name, app in get_commands().items()
    if str(app).startswith(("ava", "integrations", "vapi_settings", "telephony"))
)
# It has a database of its own.
APART = ("drill",)
# What each needs besides its name.
WHOLE = {
    "backup": ["/dev/null/backup"],
    "forget_person": ["+14155550123"],
    "restore": ["/dev/null/backup"],
    "send_test_mail": ["ada", "grace@example.org"],
    "breakers": ["list"],
    "explain": ["some-id"],
    "capture": ["an-id"],
    "replay": ["bad-day.json"],
    "explain_webhook": ["1"],
    "replay_deliveries": ["--failed"],
    "sync_numbers": ["ada"],
    "work": ["--once"],
}


def ends(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """Exit code, and what was said."""
    with pytest.raises(SystemExit) as end:
        ManagementUtility(["manage.py", *arguments]).execute()
    said = capsys.readouterr()
    return end.value.code, " ".join((said.out + said.err).split())


@pytest.mark.parametrize("name", OURS)
def test_its_help_tells_its_exit_codes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = ends(capsys, name, "--help")
    assert code == 0
    assert "Exit code 0: " in said
    assert " 1: not done, and a sentence says why (" in said
    assert said.endswith("2: the command line or a variable is wrong.")


@pytest.mark.parametrize("name", OURS)
def test_an_argument_it_does_not_know_ends_with_2(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ends(capsys, name, *WHOLE.get(name, []), "--nonsense")
    assert code == 2
    assert "--nonsense" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["breakers"],
        ["breakers", "open", "telex"],
        ["breakers", "open", "smtp", "--until", "0"],
        ["check_providers", "telex"],
        ["drill", "telex"],
        ["explain", "no id"],
        ["prune", "--days", "-1"],
        ["replay_deliveries", "d1"],
        ["rotate_keys", "--batch", "0"],
        ["rotate_keys", "--batch", "many"],
        ["sync_numbers"],
    ],
    ids=" ".join,
)
def test_a_value_that_cannot_be_right_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ends(capsys, *arguments)
    assert code == 2
    assert "error: " in said


@pytest.mark.slow
def test_a_wrong_variable_ends_with_2() -> None:
    told = manage("prune", AVA_PORT="none")
    assert told.returncode == 2
    assert told.stderr.startswith("AVA_PORT must be a whole number")


@pytest.mark.slow
def test_a_database_that_does_not_work_ends_with_1_and_a_sentence(tmp_path: Path) -> None:
    names = [name for name in OURS if name not in APART]
    # In one process, as each of its own would take a second to start.
    script = (
        "import sys\n"
        "from django.core.management import ManagementUtility\n"
        f"for line in {[[name, *WHOLE.get(name, [])] for name in names]!r}:\n"
        "    sys.stderr.write(f'{line[0]}: ')\n"
        "    try:\n"
        "        ManagementUtility(['manage.py', *line]).execute()\n"
        "    except SystemExit as end:\n"
        "        sys.stderr.write(f'{end.code}\\n')\n"
    )
    told = manage(
        "shell",
        "-c",
        script,
        DATABASE_URL=f"sqlite:///{tmp_path}/none/ava.sqlite3",
        AVA_SANDBOX="1",
        RESEND_API_KEY="",
    ).stderr
    assert "Traceback" not in told
    told = re.sub(r'{.*"level": "(info|warning)".*}\n', "", told)
    for name in names:
        assert re.search(f"^{name}: CommandError: .*\n1$", told, re.M), told


def test_every_command_has_the_same_base() -> None:
    for name in OURS:
        utility = ManagementUtility(["manage.py", name])
        assert isinstance(utility.fetch_command(name), Command), name
