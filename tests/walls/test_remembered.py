"""Ready answers and cursors of lists that AVA remembers or gives out of Ada's, tried by Eve."""

import pytest

from tests.walls.aftermath import seen
from tests.walls.doors import DOORS
from tests.walls.tenants import PRIVATE
from tests.walls.world import World

pytestmark = pytest.mark.slow


def test_an_answer_that_is_ready_for_one_tenant_reaches_no_other(world: World) -> None:
    for path in ("/vapi/settings", f"/vapi/settings?assistant_id={world.ids['assistant']}"):
        hers = [world.ada.call("GET", path) for _ in range(3)][-1]
        assert hers.is_fast
        assert PRIVATE in hers.content.decode()
        for headers in ({}, {"If-None-Match": hers["ETag"]}, {"If-None-Match": "*"}):
            for method in ("GET", "HEAD"):
                answer = world.eve.call(method, path, headers=headers)
                assert (answer.status_code, seen(answer)) == (401, [])
                assert "ETag" not in answer


def test_a_cursor_of_another_tenants_list_shows_nothing_of_it(world: World) -> None:
    followed = set()
    for operation, tries in DOORS.items():
        path = tries[0].path
        if not operation.startswith("GET ") or "{" in path or tries[0].query:
            continue
        first = world.ada.call("GET", f"{path}?limit=1").json()
        if "cursor=" not in (first.get("next") or ""):
            continue
        link = first["next"].removeprefix(world.ada.base)
        for parameters in ("", "&search=planted", f"&user={world.ids['account_sid']}"):
            answer = world.eve.call("GET", link + parameters)
            assert answer.status_code < 500
            assert seen(answer) == []
            assert not answer.json().get("results")
        followed.add(path)
    assert {"/twilio/calls", "/twilio/messages"} < followed
