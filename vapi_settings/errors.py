"""What may go wrong with settings and numbers, and from Vapi's refusals to AVA's problems.

Vapi answers as NestJS does, `{"message": text or list, "error", "statusCode"}`, with
class-validator's words (docs.vapi.ai/api-reference; VapiAI/gitops, src/api.ts parseApiMessage).
The door out has already answered 401, 403, 408, 429 and 5xx; what comes here is the rest.
"""

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from ava.http.problems import Conflict, NotFound, PreconditionFailed, Problem, ValidationFailed
from ava.upstream import Answer, ProviderUnreachable, Service

VAPI: Final = Service("vapi", "Vapi")

Meanings = Sequence[tuple[re.Pattern[str], Callable[[], Problem]]]
"""What Vapi's words stand for; the first that fit."""


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
    """Vapi answered, understood, and said no, in words that AVA has no sentence for."""

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


class ChangeRefused(Exception):
    """Vapi's validation said no; `complaints` are its words, for `complaint_about` only."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("Vapi refused the change")
        self.complaints = tuple(complaints)


def no_list(answer: Answer) -> Exception:
    """What an answer other than 2xx means for a list: this is not the Vapi that was asked for."""
    return ProviderUnreachable(VAPI)


def not_found(answer: Answer) -> Exception:
    """What it means for one assistant. Vapi says 400 to an id that cannot be one."""
    return AssistantNotFound() if answer.status in (400, 404) else no_list(answer)


def not_changed(answer: Answer) -> Exception:
    """What it means for a change of an assistant."""
    match answer.status:
        case 404:
            return AssistantNotFound()
        case 400 | 409 | 413 | 422:
            return ChangeRefused(messages(answer))
        case _:
            return no_list(answer)


def not_imported(answer: Answer) -> Exception:
    """What it means for a number that was to be imported."""
    if answer.status not in (400, 409, 422):
        return no_list(answer)
    return meant(answer, _NOT_IMPORTED)


def meant(answer: Answer, meanings: Meanings) -> Problem:
    """The problem that Vapi's words stand for; VapiRefused for words unknown."""
    said = "; ".join(messages(answer))
    return next((make() for words, make in meanings if words.search(said)), VapiRefused())


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


def unacceptable(key: str, path: Sequence[str], complaints: Sequence[str]) -> ValidationFailed:
    """Vapi's complaints about a change of the setting, in AVA's words.

    Args:
        key: the setting.
        path: where it lives in the assistant.
        complaints: as ChangeRefused carries them.
    """
    ours, beside = ".".join(path), f"{path[0]}."
    about_it = [said for said in complaints if said.startswith(f"{ours} ")]
    for said in about_it:
        for pattern, sentence in _LIMITS:
            if found := pattern.search(said):
                return invalid(sentence.format(found[1], key=key) + " So says Vapi.")
    if not about_it and any(said.startswith(beside) for said in complaints):
        return invalid(
            f"Vapi does not take a change of {key} while something else in the assistant's "
            f"{path[0]} is not as it wants it. Save the assistant once in Vapi's dashboard."
        )
    return invalid(f"Vapi does not accept this value for {key}.")


def invalid(sentence: str, field: str = "value") -> ValidationFailed:
    """A refusal of one field of the request's body."""
    return ValidationFailed(sentence, errors={field: [sentence]})


def messages(answer: Answer) -> list[str]:
    """What Vapi said against a request, one text for each fault."""
    try:
        body: Any = answer.json()
    except ProviderUnreachable:
        return []
    message = body.get("message") if isinstance(body, dict) else None
    said = message if isinstance(message, list) else [message]
    return [text for text in said if isinstance(text, str)]
