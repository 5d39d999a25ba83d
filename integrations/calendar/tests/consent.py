"""A person who connects a calendar: the link, AVA's page, the provider's consent, and back."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from rest_framework.test import APIClient

# The sandbox leads back to this machine only.
HOST = "127.0.0.1"
API = "/api/v1/integrations/calendar"


class Browser:
    """A browser that nobody is logged in with, unless `user` is."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client(SERVER_NAME=HOST, headers={"Accept": "text/html"})
        if user:
            self.client.force_login(user)

    def open(self, link: str) -> Any:
        """Follow a link to AVA."""
        return self.client.get(_path(link))

    def go_on(self, link: str) -> Any:
        """Press the button of AVA's page."""
        return self.client.post(_path(link))

    def to_provider(self, link: str) -> str:
        """Address of the consent page that the link leads to."""
        answer = self.open(link)
        if answer.status_code == 200:
            answer = self.go_on(link)
        assert answer.status_code == 302, answer.content
        return str(answer["Location"])

    def decide(self, consent: str, **form: Any) -> str:
        """Allow, unless the form says otherwise. The address that the provider leads back to."""
        decision = {"decision": "allow", **form}
        answer = requests.post(consent, data=decision, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text[-400:]
        return answer.headers["Location"]

    def connect(self, link: str, **form: Any) -> Any:
        """The whole way; the page that it ends on."""
        return self.open(self.decide(self.to_provider(link), **form))


def link(api: APIClient, provider: str = "google") -> str:
    """A link that the user of the API was given."""
    answer = api.post(f"{API}/{provider}/connect", headers={"Host": HOST})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["authorization_url"])


def connect(api: APIClient, provider: str = "google") -> None:
    """Connect a calendar of the API's user."""
    page = Browser().connect(link(api, provider))
    assert page.status_code == 200, page.content


def sentence(page: HttpResponse) -> str:
    """What a page says, without its tags."""
    heading = page.content.decode().split("<h1")[1].split("</h1>")[0]
    return heading.partition(">")[2].replace("&#x27;", "'")


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
