import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.database

LIST = "/api/v1/integrations"


def test_a_list_is_cut_where_asked(api: APIClient) -> None:
    page = api.get(LIST, {"limit": 2, "offset": 1}).json()
    assert page["count"] == 6
    assert len(page["results"]) == 2
    assert "offset=3" in page["next"]
    assert "limit=2" in page["previous"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=",
        "offset=-1",
        "offset=null",
        "offset=9" + "9" * 30,
    ],
)
def test_what_is_no_such_number_is_refused(api: APIClient, query: str) -> None:
    answer = api.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.split("=")[0]]
