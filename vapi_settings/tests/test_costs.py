"""Costs of a read and a change: SQL statements over the whole request, and requests to Vapi."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vapi_settings.conftest import ASSISTANT, SETTINGS, store_key

READ, CHANGE = f"{SETTINGS}/temperature", {"value": 1.1}

NOT_COUNTED = re.compile(
    "BEGIN|COMMIT|SAVEPOINT|RELEASE"
    # Asked once or a few times a second for all requests together.
    '|.*FROM "integrations_(breakercontrol|flag|flagoverride)"'
)


@pytest.fixture
def statements():
    """The SQL of the requests in a block, apart from what begins and ends transactions."""

    class Statements(CaptureQueriesContext):
        def __iter__(self):
            return (one["sql"] for one in super().__iter__() if not NOT_COUNTED.match(one["sql"]))

    return lambda: Statements(connection)


@pytest.fixture(params=["the default", "the only one"])
def chosen(request, user, ada):
    if request.param == "the default":
        store_key(user, default_assistant_id=ASSISTANT)
    assert ada.get(READ).status_code == 200


@pytest.mark.usefixtures("chosen")
class TestCosts:
    @pytest.mark.parametrize("address", [SETTINGS, READ])
    def test_a_cached_read_is_no_statement_and_no_request(self, ada, vapi, statements, address):
        vapi.sandbox.clear_requests()
        ada.get(address)
        with statements() as asked:
            assert ada.get(address).status_code == 200
        assert list(asked) == []
        assert vapi.asked == []

    def test_a_cached_read_writes_nothing(self, ada, statements):
        with statements() as asked:
            ada.get(SETTINGS)
        assert all(sql.startswith("SELECT") for sql in asked)

    def test_a_change_is_at_most_nine_statements_and_get_patch_get(self, ada, vapi, statements):
        assert ada.put(READ, CHANGE, format="json").status_code == 200
        vapi.sandbox.clear_requests()
        with statements() as asked:
            assert ada.put(READ, {"value": 1.2}, format="json").status_code == 200
        assert len(list(asked)) <= 9, list(asked)
        assert vapi.asked == ["GET /assistant/*", "PATCH /assistant/*", "GET /assistant/*"]

    def test_a_read_after_a_change_asks_nobody(self, ada, vapi, statements):
        ada.put(READ, CHANGE, format="json")
        vapi.sandbox.clear_requests()
        assert ada.get(READ).json()["setting"]["value"] == 1.1
        assert vapi.asked == []
