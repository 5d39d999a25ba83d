"""`manage.py check_providers`."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from integrations.credentials import services as credentials
from integrations.tests.process import manage
from sandbox.server import Sandbox


@pytest.fixture(autouse=True)
def _providers(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def run(*arguments: str) -> tuple[int, dict[str, str], str]:
    """Exit code, provider -> rest of its line, everything."""
    out = StringIO()
    code = 0
    try:
        call_command("check_providers", *arguments, stdout=out)
    except CommandError as fault:
        code = fault.returncode
        out.write(str(fault))
    lines = [line.partition(" ") for line in out.getvalue().splitlines()]
    return code, {slug: rest.strip() for slug, _, rest in lines}, out.getvalue()


def store(user: User, provider: str, **values: Any) -> None:
    credentials.save(user=user, provider=provider, values=values, actor=user, source="command")


def test_a_user_whose_credentials_all_work_ends_with_0(user: User, sandbox: Sandbox) -> None:
    store(user, "resend", api_key="re_demo", from_email="ada@example.com")
    code, said, text = run("--user", "ada")
    assert code == 0
    assert said["resend"] == "ok             Resend accepted the key."
    assert said["smtp"].startswith("not configured SMTP credentials not configured.")
    (arrived,) = sandbox.requests("resend")
    assert f"Correlation ID: {arrived.headers['x-correlation-id']}" in text


def test_one_that_fails_ends_with_1_and_the_others_are_still_asked(user: User) -> None:
    store(user, "resend", api_key="re_planted_wrong", from_email="ada@example.com")
    store(
        user,
        "twilio",
        account_sid="AC" + "0" * 32,
        auth_token="twilio-demo-token",
    )
    code, said, text = run("--user", "ada@example.com")
    assert code == 1
    assert said["resend"].startswith("failed         Invalid Resend API key.")
    assert said["twilio"].startswith("ok             Twilio accepted the credentials")
    assert "planted" not in text


def test_nothing_configured_ends_with_1_and_says_so(user: User) -> None:
    for arguments in (["--user", "ada"], []):
        code, _, text = run(*arguments)
        assert code == 1
        assert text.endswith("Nothing is configured.")


def test_without_a_user_the_operators_own_are_asked(db: None, settings: Any) -> None:
    settings.OPERATOR_CREDENTIALS = {
        **settings.OPERATOR_CREDENTIALS,
        "RESEND_API_KEY": "re_demo",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    }
    code, said, _ = run()
    assert code == 0
    assert said["resend"].startswith("ok")
    assert said["twilio"].startswith("not configured"), "half of the credentials are none"


def test_only_the_named_ones_are_asked(user: User, sandbox: Sandbox) -> None:
    store(user, "resend", api_key="re_demo", from_email="ada@example.com")
    code, said, _ = run("smtp", "--user", "ada")
    assert code == 1
    assert set(said) == {"smtp", "Correlation", "Nothing"}
    assert sandbox.requests("resend") == []


def test_an_unknown_provider_or_user_is_refused_in_a_sentence(user: User) -> None:
    with pytest.raises(CommandError, match=r"There is no provider called 'telex'"):
        call_command("check_providers", "telex")
    assert "There is no user called 'bob'" in run("--user", "bob")[2]
    User.objects.create_user("ada2", "ADA@example.com", "x")
    assert "more than one has that address" in run("--user", "ada@example.com")[2]


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_real_program_says_the_same(sandbox: Sandbox) -> None:
    good = manage(
        "check_providers", RESEND_API_KEY="re_demo", RESEND_BASE_URL=f"{sandbox.url}/resend"
    )
    assert good.returncode == 0, good.stderr
    assert "resend     ok" in good.stdout
    assert manage("check_providers").returncode == 1
