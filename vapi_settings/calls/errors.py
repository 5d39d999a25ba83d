"""Problems of calls by an assistant, and the table from Vapi's refusals to them.

POST /call answers 400 with `{"message": text or list}` in class-validator's or Vapi's own words
(docs.vapi.ai/api-reference/calls/create). A refusal in that shape, with its own `statusCode`, means
that no phone was called; any other may be of something in front of Vapi.
"""

import re
from typing import Any, Final

from ava.http.problems import Conflict, NotFound, ValidationFailed
from ava.upstream import Answer, ProviderRateLimited, ProviderUnreachable
from vapi_settings.errors import VAPI, AssistantNotFound, Meanings, VapiRefused, meant, no_list


class CallNotFound(NotFound):
    code = "vapi_call_not_found"
    detail = "Vapi knows no such call."


class CallNotControllable(Conflict):
    code = "vapi_call_not_controllable"
    detail = "Vapi takes no orders for this call: it has not begun yet, or it is over."


class OrganisationGone(Conflict):
    """It began in an organisation that AVA has no key of any more."""

    code = "vapi_organisation_gone"
    detail = (
        "This began in a Vapi organisation that the API key stored now is not of. Store a key of "
        "that one again, so that AVA can look after it."
    )


class NumberNotAtVapi(ValidationFailed):
    """An assistant can only call from a number that Vapi knows."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors={"from": [sentence]})


def unknown_call(answer: Answer) -> Exception:
    """The problem of an answer other than 2xx for one call. Vapi says 400 to an id that is none."""
    return CallNotFound() if answer.status in (400, 404) else no_list(answer)


def not_called(answer: Answer) -> Exception:
    """The problem of such an answer for a call that was to be placed."""
    if answer.status in (400, 402, 404, 409, 413, 422) and _is_vapis(answer):
        return meant(answer, _REFUSALS)
    return no_list(answer)


def _is_vapis(answer: Answer) -> bool:
    """Whether it has the shape of Vapi's errors."""
    try:
        body: Any = answer.json()
    except ProviderUnreachable:
        return False
    return isinstance(body, dict) and body.get("statusCode") == answer.status


def _invalid(field: str, sentence: str) -> ValidationFailed:
    return ValidationFailed(sentence, errors={field: [sentence]})


def _exhausted() -> ProviderRateLimited:
    return ProviderRateLimited(VAPI, unsent=True)


_REFUSALS: Final[Meanings] = (
    (re.compile(r"concurren", re.I), _exhausted),
    (
        re.compile(r"credit|wallet|balance|billing|payment|subscription", re.I),
        lambda: VapiRefused("Vapi refused the call: the Vapi account has no credit left for it."),
    ),
    (
        re.compile(r"international", re.I),
        lambda: _invalid("to", "A free Vapi number calls numbers in the USA only."),
    ),
    (
        re.compile(r"customer\b", re.I),
        lambda: _invalid("to", "Vapi does not call this number. Check that it is complete."),
    ),
    (
        re.compile(r"phone ?number", re.I),
        lambda: NumberNotAtVapi("Vapi does not know the number to call from any more."),
    ),
    (re.compile(r"assistant", re.I), AssistantNotFound),
)
