"""Problems of settings, numbers and calls at Vapi, and the table from Vapi's refusals to them.

Vapi answers as NestJS does, `{"message": text or list, "error", "statusCode"}`, with
class-validator's words (docs.vapi.ai/api-reference; VapiAI/gitops, src/api.ts parseApiMessage).
The door out has already answered 401, 403, 408, 429 and 5xx; what comes here is the rest.
"""

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from ava.http.problems import Conflict, NotFound, PreconditionFailed, Problem, ValidationFailed
from ava.upstream import Answer, ProviderRateLimited, ProviderUnreachable, Service

VAPI: Final = Service("vapi", "Vapi")

Meanings = Sequence[tuple[re.Pattern[str], Callable[[], Problem]]]
"""Problems by the words of Vapi's message; the first match counts."""


class SettingNotFound(NotFound):
    code = "setting_not_found"


class RevisionNotFound(NotFound):
    code = "revision_not_found"


class AssistantNotFound(NotFound):
    code = "assistant_not_found"
    detail = "There is no such assistant at Vapi."


class AssistantAmbiguous(Conflict):
    code = "assistant_ambiguous"
    detail = (
        "There are several assistants. Name one with assistant_id, or choose a default "
        "assistant in Settings."
    )


class EditInProgress(Conflict):
    code = "edit_in_progress"
    detail = "Somebody is changing this assistant right now. Please try again in a moment."


class ValueNotRemovable(Conflict):
    """The setting held no value then, and Vapi's PATCH cannot take a top-level field away."""

    code = "value_not_removable"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"{key} held no value then, and Vapi has no way to take one away. "
            "Set the value you want instead."
        )


class SettingChanged(PreconditionFailed):
    """The value is another one by now: the members have both, and the ETag."""

    def __init__(self, key: str, value: Any, etag: str, requested: Any) -> None:
        super().__init__(
            f"Somebody changed {key} in between. Read it again, then decide.",
            headers={"ETag": etag},
            extra={"current": {"value": value, "etag": etag}, "requested": requested},
        )


class WriteUnconfirmed(Problem):
    """The request was sent, its answer was lost, and reading back failed, too."""

    status = HTTPStatus.BAD_GATEWAY
    code = "write_unconfirmed"
    detail = (
        "Connection to Vapi failed. The change may or may not have been made; AVA will find out "
        "with the next read. Please look before you try again."
    )


class WriteNotKept(Problem):
    """Vapi accepted the change, and then held something else."""

    status = HTTPStatus.BAD_GATEWAY
    code = "write_not_kept"
    detail = "Vapi accepted the change but did not keep it. Read the setting to see what it holds."


class VapiRefused(Problem):
    """Vapi answered, understood, and refused, in words that AVA has no sentence for."""

    status = HTTPStatus.BAD_GATEWAY
    code = "vapi_refused"
    detail = (
        "Vapi did not accept AVA's request. Vapi's dashboard may show what is wrong with the "
        "assistant or the number."
    )


class NumberRefused(Conflict):
    """Vapi does not import the number."""

    code = "vapi_number_refused"
    detail = "Vapi does not take this number."


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


class ChangeRefused(Exception):
    """Refusal by Vapi's validation; `complaints` are its words, for `unacceptable` only."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("Vapi refused the change")
        self.complaints = tuple(complaints)


def invalid(sentence: str, field: str = "value") -> ValidationFailed:
    """A refusal of one field of the request's body."""
    return ValidationFailed(sentence, errors={field: [sentence]})


_NOT_IMPORTED: Final[Meanings] = (
    (
        re.compile(r"exist|in use|already", re.I),
        lambda: NumberRefused("Vapi has this number already."),
    ),
    (
        re.compile(r"twilio|credential|authenticat", re.I),
        lambda: NumberRefused(
            "Vapi could not reach this number with your Twilio credentials. Check that the "
            "number belongs to that Twilio account."
        ),
    ),
    (re.compile(r"number", re.I), NumberRefused),
)
_NOT_CALLED: Final[Meanings] = (
    (re.compile(r"concurren", re.I), lambda: ProviderRateLimited(VAPI, unsent=True)),
    (
        re.compile(r"credit|wallet|balance|billing|payment|subscription", re.I),
        lambda: VapiRefused("Vapi refused the call: the Vapi account has no credit left for it."),
    ),
    (
        re.compile(r"international", re.I),
        lambda: invalid("A free Vapi number calls numbers in the USA only.", "to"),
    ),
    (
        re.compile(r"customer\b", re.I),
        lambda: invalid("Vapi does not call this number. Check that it is complete.", "to"),
    ),
    (
        re.compile(r"phone ?number", re.I),
        lambda: NumberNotAtVapi("Vapi does not know the number to call from any more."),
    ),
    (re.compile(r"assistant", re.I), AssistantNotFound),
)
_LIMITS: Final = (
    (re.compile(r"must not be greater than (-?[\d.]+)"), "{key} must not be greater than {}."),
    (re.compile(r"must not be less than (-?[\d.]+)"), "{key} must not be less than {}."),
    (
        re.compile(r"must be shorter than or equal to (\d+) characters"),
        "{key} must not be longer than {} characters.",
    ),
    (
        re.compile(r"must be longer than or equal to (\d+) characters"),
        "{key} must not be shorter than {} characters.",
    ),
)


def no_list(answer: Answer) -> Exception:
    """The problem of an answer other than 2xx for a list: this is not the Vapi that was asked."""
    return ProviderUnreachable(VAPI)


def not_found(answer: Answer) -> Exception:
    """The same for one assistant. Vapi says 400 to an id that cannot be one."""
    return AssistantNotFound() if answer.status in (400, 404) else no_list(answer)


def unknown_call(answer: Answer) -> Exception:
    """The same for one call."""
    return CallNotFound() if answer.status in (400, 404) else no_list(answer)


def not_changed(answer: Answer) -> Exception:
    """The same for a change of an assistant."""
    if answer.status == 404:
        return AssistantNotFound()
    refused = answer.status in (400, 409, 413, 422)
    return ChangeRefused(_messages(answer)) if refused else no_list(answer)


def not_imported(answer: Answer) -> Exception:
    """The same for a number that was to be imported."""
    return _meant(answer, _NOT_IMPORTED) if answer.status in (400, 409, 422) else no_list(answer)


def not_called(answer: Answer) -> Exception:
    """The same for a call that was to be placed. A refusal with Vapi's own `statusCode` means that
    no phone was called; any other may be of something in front of Vapi."""
    refused = answer.status in (400, 402, 404, 409, 413, 422)
    if refused and _body(answer).get("statusCode") == answer.status:
        return _meant(answer, _NOT_CALLED)
    return no_list(answer)


def unacceptable(key: str, path: Sequence[str], complaints: Sequence[str]) -> ValidationFailed:
    """Vapi's complaints about a change of the setting at this path, in AVA's words."""
    about_it = [complaint for complaint in complaints if complaint.startswith(f"{'.'.join(path)} ")]
    for complaint in about_it:
        for pattern, sentence in _LIMITS:
            if found := pattern.search(complaint):
                return invalid(sentence.format(found[1], key=key) + " So says Vapi.")
    if not about_it and any(complaint.startswith(f"{path[0]}.") for complaint in complaints):
        return invalid(
            f"Vapi does not take a change of {key} while something else in the assistant's "
            f"{path[0]} is not as it wants it. Save the assistant once in Vapi's dashboard."
        )
    return invalid(f"Vapi does not accept this value for {key}.")


def _meant(answer: Answer, meanings: Meanings) -> Problem:
    """The problem that Vapi's words stand for; VapiRefused for words unknown."""
    sentences = "; ".join(_messages(answer))
    return next((make() for words, make in meanings if words.search(sentences)), VapiRefused())


def _messages(answer: Answer) -> list[str]:
    """Messages of Vapi's answer, one text for each fault."""
    message = _body(answer).get("message")
    messages = message if isinstance(message, list) else [message]
    return [text for text in messages if isinstance(text, str)]


def _body(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except ProviderUnreachable:
        return {}
    return body if isinstance(body, dict) else {}
