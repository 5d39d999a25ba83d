"""Tool calls that Eve proves with her own secret, with Ada's IDs wherever a tool call has room."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.walls import tool
from tests.walls.aftermath import Watch, seen, wrong
from tests.walls.hooks import VAPI_PLACES, Place
from tests.walls.tenants import PRIVATE
from tests.walls.world import World, report, spoken

pytestmark = pytest.mark.slow

KIND = "tool_calls"


@pytest.fixture(autouse=True)
def _tool() -> None:
    tool.register()


def owner(world: World, kind: str) -> Iterator[Any]:
    """Ada and her accounts, under each name that might be taken for the owner's."""
    hers = dict.fromkeys(("owner", "user", "userId", "tenant"), world.ids["user"])
    for account in ("vapi_account", "twilio_account"):
        named = hers | {"account": world.ids[account], "orgId": world.ids[account]}
        message = spoken(kind)
        message["call"] |= {"id": world.ids["talked_vapi"], **named}
        yield message | named


def own_tool_call(world: World, kind: str) -> Iterator[Any]:
    """The very message that Ada's assistant has sent, and had an answer to."""
    message = report(world, "talked", kind)
    assert PRIVATE in world.ada.vapi(asking(world, message)).json()["results"][0]["result"]
    yield message


def asking(world: World, message: dict[str, Any]) -> dict[str, Any]:
    """The message with a call of the tool whose arguments are all of Ada's IDs."""
    function = {"name": tool.NAME, "arguments": {**world.ids, "owner": world.ids["user"]}}
    wish = {"id": world.ids["talked_vapi"], "type": "function", "function": function}
    return {**message, "toolCallList": [wish], "toolWithToolCallList": [{"toolCall": wish}]}


def results(answer: Any) -> list[str]:
    return [one.get("result", "") for one in answer.json()["results"]]


@pytest.fixture
def named(world: World, user: User) -> World:
    """Ada's things, her user ID among them."""
    world.ids["user"] = str(user.pk)
    return world


def test_the_tool_shows_its_owner_the_talk_and_the_messages_and_cancels(named: World) -> None:
    [told] = results(named.ada.vapi(asking(named, report(named, "talked", KIND))))
    assert told.startswith("ada has")
    assert f"{PRIVATE} transcript" in told
    assert f"{PRIVATE} sent" in told
    assert named.shown("messages", "text_scheduled")["status"] == "canceled"


@pytest.mark.parametrize(
    "places", [VAPI_PLACES, (owner, own_tool_call)], ids=["a call of Ada's", "Ada herself"]
)
def test_a_tool_runs_as_the_tenant_whose_address_was_called_whatever_is_named(
    named: World, user: User, places: tuple[Place, ...]
) -> None:
    messages = [asking(named, message) for place in places for message in place(named, KIND)]
    watch = Watch(user)
    answers = [named.eve.vapi(message) for message in messages]
    told = [result for answer in answers for result in results(answer)]
    assert len(told) == len(messages) > 0
    assert [one for one in told if not one.startswith("eve has")] == []
    assert wrong(named, watch, *answers) == []


def test_no_tool_runs_at_an_address_that_names_two_accounts_or_another_tenants(
    named: World, user: User
) -> None:
    hers, eves = named.ids["vapi_account"], named.eve.accounts["vapi"]
    message = asking(named, report(named, "talked", KIND))
    watch = Watch(user)
    answers = [
        named.eve.vapi(message, account=account)
        for account in (hers, f"{hers}&account={eves}", f"{eves}&account={hers}")
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert watch.changes() == []
    assert seen(*answers) == []
