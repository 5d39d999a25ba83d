import pytest
from django.test import Client


def test_the_login_page_leads_to_the_documentation_and_the_admin(client: Client) -> None:
    page = client.get("/", follow=True)
    assert page.status_code == 200
    assert client.get("/api/docs").status_code == 200
    for address in ("/api/docs", "/admin/", "/readyz"):
        assert f'href="{address}"' in page.content.decode()


def test_the_icon_that_browsers_ask_for_is_there(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == "/static/ava/icon.svg"


def test_pages_name_nothing_from_outside(client: Client) -> None:
    text = client.get("/login").content.decode().replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize("address", ["/nowhere", "/healthz-", "/metrics/", "/api/nowhere"])
def test_a_page_that_refuses_has_the_policy_of_pages(client: Client, address: str) -> None:
    refusal = client.get(address, headers={"accept": "text/html"})
    is_page = refusal["Content-Type"].startswith("text/html")
    assert not is_page or "Content-Security-Policy" in refusal
