"""Suppressions: addresses that get no mail, entered by events or by hand."""

from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from integrations.email.suppressions.models import Suppression
from integrations.email.tests.mailing import MAIL, MESSAGES, run_jobs
from integrations.email.tests.reporting import LIST, event, post, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("entered", "spelled"),
    [
        ("grace@example.org", "GRACE@Example.org"),
        ("grace@example.org", " gr\u200bace@\uff25xample.org"),
        ("grace@münchen.de", "grace@XN--MNCHEN-3YA.de"),
        ("grace@xn--mnchen-3ya.de", "grace@MU\u0308NCHEN.de"),
        ("grace@straße.de", "grace@xn--strae-oqa.de"),
        ("grace/alan@example.org", "grace/alan@example.org"),
    ],
)
@pytest.mark.parametrize("kind", ["to", "cc", "bcc"])
def test_every_spelling_of_an_address_is_stopped_and_taken_off(
    api: APIClient, hook: str, entered: str, spelled: str, kind: str
) -> None:
    assert api.post(LIST, {"address": entered}).status_code == 201
    answer = api.post(MESSAGES, {**MAIL, "to": "else@example.org", kind: spelled})
    assert answer.json()["code"] == "address_suppressed"
    assert api.delete(f"{LIST}/{quote(spelled)}").status_code == 204


def test_another_address_of_a_person_is_another_address(api: APIClient, hook: str) -> None:
    for address in ("grace@example.org", "grace@strasse.de"):
        api.post(LIST, {"address": address})
    for other in ("grace+news@example.org", "g.race@example.org", "grace@straße.de"):
        assert send(api, other)["status"] == "sent"


def test_an_address_is_entered_and_taken_off_by_hand(
    api: APIClient, strangers_api: APIClient, hook: str
) -> None:
    new = {"address": "Grace@Example.org"}
    assert [api.post(LIST, new).status_code for _ in range(2)] == [201, 200]
    assert api.get(LIST, {"search": "grace"}).json()["count"] == 1
    assert strangers_api.get(LIST).json()["results"] == []
    assert strangers_api.delete(f"{LIST}/grace@example.org").status_code == 404
    answer = api.post(MESSAGES, {**MAIL, "bcc": ["grace@example.org"]}, format="json")
    assert "you put it on the list" in answer.json()["detail"]
    assert api.delete(f"{LIST}/GRACE@example.org").status_code == 204
    assert api.delete(f"{LIST}/grace@example.org").status_code == 404


def test_an_address_that_is_too_long_in_ascii_is_not_entered(api: APIClient, hook: str) -> None:
    address = f"{'a' * 100}@{'ü.' * 30}de"
    answer = api.post(LIST, {"address": address})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"address": ["This address is too long for a mail."]}
    assert post(hook, event("complained", "x", address)) == 204
    run_jobs()
    assert not Suppression.objects.exists()
