"""Contents and passwords in the admin: shown only to those who have the permission."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ava.inbound.models import Delivery
from ava.jobs.models import Job
from integrations.credentials import services as credentials
from integrations.credentials.models import Credential
from integrations.flags.models import Flag, FlagOverride
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.models import Call
from tests.walls.rows import SECRET, row, staff
from vapi_settings.models import Revision

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

CREDENTIALS = "/admin/integrations/credential/"
SAID = "planted words"
WITHHELD = "Shown to those only who may view calls and messages."
PASSWORD = "hunter2-planted"


@pytest.mark.parametrize(
    ("permission", "model"), [("inbound.view_delivery", Delivery), ("jobs.view_job", Job)]
)
def test_what_was_said_is_shown_to_those_alone_who_may_view_calls_and_messages(
    user: User, permission: str, model: type[Delivery] | type[Job]
) -> None:
    one = row(model, user)
    model.objects.update(payload={"transcript": SAID})
    place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{one.pk}/change/"
    both = ("telephony.view_call", "telephony.view_message")
    for names, shown in (((), False), (both[:1], False), (both[1:], False), (both, True)):
        page = staff(permission, *names).get(place).content.decode()
        assert (SAID in page, WITHHELD in page) == (shown, not shown)
        assert str(one.pk) in page


@pytest.mark.parametrize(
    "twiml",
    [
        f"<Play>https://user:{PASSWORD}@media.example/a.mp3?b=1</Play>",
        f"<Redirect>//{PASSWORD}@media.example</Redirect>",
        f"<Play>https://user:p@{PASSWORD}@media.example</Play>",
        f"<Sip>sip:user:{PASSWORD}@media.example</Sip>",
        f'<Sip username="user" password="{PASSWORD}">sip:user@media.example</Sip>',
        f"<Sip password='{PASSWORD}'>sip:user@media.example</Sip>",
    ],
)
def test_a_password_in_twiml_is_not_shown(user: User, twiml: str) -> None:
    call = row(Call, user)
    Call.objects.update(twiml=twiml)
    page = staff("telephony.view_call").get(f"/admin/telephony/call/{call.pk}/change/")
    assert "media.example" in page.content.decode()
    assert PASSWORD not in page.content.decode()
    call.refresh_from_db()
    assert call.twiml == twiml


def test_a_password_in_an_address_of_a_setting_or_webhook_is_not_shown(user: User) -> None:
    address = f"https://user:{PASSWORD}@media.example/hook"
    revision, delivery = row(Revision, user), row(Delivery, user)
    Revision.objects.update(after=f'"{address}"')
    Delivery.objects.update(payload={"server": [{"url": address}]})
    viewer = staff(
        "vapi_settings.view_revision", "inbound.view_delivery",
        "telephony.view_call", "telephony.view_message",
    )  # fmt: skip
    for place in (
        "vapi_settings/revision/",
        f"vapi_settings/revision/{revision.pk}/change/",
        f"inbound/delivery/{delivery.pk}/change/",
    ):
        page = viewer.get(f"/admin/{place}").content.decode()
        assert "media.example" in page
        assert PASSWORD not in page


@pytest.mark.parametrize(
    ("provider", "stored", "sent", "said"),
    [
        (
            "vapi",
            {"api_key": SECRET, "webhook_secret": "planted-hook-0123456789"},
            {"api_key": "swapped-vapi-key-0002", "webhook_secret": ""},
            "Send the webhook_secret again: the api_key changed.",
        ),
        (
            "twilio",
            {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
            {"account_sid": "AC" + "e" * 32, "auth_token": ""},
            "Send the auth_token again: the account_sid changed.",
        ),
        (
            "resend",
            {"api_key": "re_planted_0123456789", "from_email": "ada@example.com"},
            {"api_key": "re_swapped_0123456789", "from_email": "ada@example.com"},
            None,
        ),
    ],
)
def test_a_key_swapped_in_the_admin_takes_no_stored_secret_along(
    user: User, provider: str, stored: dict[str, str], sent: dict[str, str], said: str | None
) -> None:
    one = credentials.save(user=user, provider=provider, values=stored, actor=user, source="api")
    keeper = staff("integrations.change_credential")
    answer = keeper.post(f"{CREDENTIALS}{one.pk}/change/", sent)
    kept = dict(credentials.credentials_for(user=user, provider=provider).fields)
    if said is None:
        assert (answer.status_code, kept) == (302, sent)
    else:
        assert said in answer.content.decode()
        assert kept == stored


def test_who_adds_credentials_chooses_from_the_users_they_may_view(user: User) -> None:
    place = f"{CREDENTIALS}add/?provider=vapi"
    sent = {"user": str(user.pk), "api_key": SECRET}
    blind = staff("integrations.add_credential")
    for answer in (
        blind.get(f"{place}&user={user.pk}"),
        blind.post(place, sent),
        blind.post(place, {"user": str(user.pk)}),
    ):
        assert answer.status_code == 200
        assert "ada" not in answer.content.decode()
        assert "you need the permission to view users" in answer.content.decode()
    assert not Credential.objects.exists()
    assert (
        staff("integrations.add_credential", "auth.view_user").post(place, sent).status_code == 302
    )
    assert Credential.objects.get().user == user


def override(browser: Client, flag: Flag, user: User, state: str = "on") -> int:
    forms = {"overrides-TOTAL_FORMS": "1", "overrides-INITIAL_FORMS": "0"}
    sent = {**forms, "state": "unset", "overrides-0-user": user.pk, "overrides-0-state": state}
    return browser.post(f"/admin/integrations/flag/{flag.pk}/change/", sent).status_code


def test_who_answers_a_flag_for_one_user_may_view_users(user: User) -> None:
    flag = Flag.objects.create(name="ALLOW_ENV_CREDENTIALS")
    names = ["integrations.change_flag"]
    names += [f"integrations.{verb}_flagoverride" for verb in ("view", "add", "change")]
    override(staff(*names), flag, user)
    assert not FlagOverride.objects.exists()
    assert override(staff(*names, "auth.view_user"), flag, user) == 302
    assert FlagOverride.objects.get().user == user


def test_who_may_not_view_users_changes_a_flag_and_leaves_the_answers_for_users(user: User) -> None:
    flag = Flag.objects.create(name="ALLOW_ENV_CREDENTIALS")
    one = FlagOverride.objects.create(flag=flag, user=user, state="off")
    names = ("integrations.change_flag", "integrations.change_flagoverride")
    forms = {"overrides-TOTAL_FORMS": "1", "overrides-INITIAL_FORMS": "1", "overrides-0-id": one.pk}
    sent = {**forms, "state": "on", "overrides-0-user": user.pk, "overrides-0-state": "on"}
    place = f"/admin/integrations/flag/{flag.pk}/change/"
    assert staff(*names).post(place, sent).status_code == 302
    flag.refresh_from_db()
    one.refresh_from_db()
    assert (flag.state, one.state) == ("on", "off")


def test_the_search_for_a_user_is_for_those_who_may_view_users(user: User) -> None:
    place = "/admin/autocomplete/?app_label=integrations&model_name=credential&field_name=user"
    assert staff("integrations.add_credential").get(place).status_code == 403
    found = staff("integrations.add_credential", "auth.view_user").get(f"{place}&term=ada")
    assert [each["text"] for each in found.json()["results"]] == ["ada"]


def test_no_address_tells_staff_which_rows_there_are(user: User) -> None:
    call, browser = row(Call, user), staff()
    for key in (call.pk, "00000000-0000-4000-8000-000000000000", "abc"):
        answers = {browser.get(f"/admin/r/{kind}/{key}/").status_code for kind in range(1, 60)}
        assert answers == {404}
