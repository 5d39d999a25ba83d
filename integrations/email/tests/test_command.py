"""`manage.py send_test_mail`: the way that a user's mails go."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from integrations.email.tests.mailing import arrived
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


def send(user: str) -> str:
    said = io.StringIO()
    call_command("send_test_mail", user, "grace@example.org", stdout=said)
    return said.getvalue()


def test_a_test_mail_goes_the_users_way(resend_user: User, sandbox: Sandbox) -> None:
    assert send("ada") == "Resend has taken the e-mail.\n"
    assert [mail["to"] for mail in arrived(sandbox)] == [["grace@example.org"]]


@pytest.mark.parametrize(
    ("stubs", "said"), [(True, "not sent in stub mode"), (False, "configure a real email provider")]
)
def test_without_a_provider_it_says_what_to_do(
    user: User, sandbox: Sandbox, settings: Any, stubs: bool, said: str
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": stubs}
    with pytest.raises(CommandError, match=said):
        send("ada@example.com")


def test_a_user_who_is_not_there_is_named(sandbox: Sandbox, db: None) -> None:
    with pytest.raises(CommandError, match="'grace'"):
        send("grace")
