"""Problems of settings, numbers and calls at Vapi, and the table from Vapi's refusals to them.

Vapi answers as NestJS does, `{"message": text or list, "error", "statusCode"}`, with
class-validator's words (docs.vapi.ai/api-reference; VapiAI/gitops, src/api.ts parseApiMessage).
The door out has already answered 401, 403, 408, 429 and 5xx; what comes here is the rest.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ava.http.problems import Conflict, NotFound, PreconditionFailed, Problem, ValidationFailed
from ava.upstream import Answer, ProviderRateLimited, ProviderUnreachable, Service

VAPI: Final = Service("vapi", "Vapi")

with Path(__file__).with_name("refusals.csv").open(encoding="utf-8", newline="") as _table:
    REFUSALS: Final = [(re.compile(row["words"], re.I), row) for row in csv.DictReader(_table)]
"""Words of Vapi's by the request they are `about`: their `problem`, the `field` of AVA's request
that is meant, if any, and a `sentence`, unless the problem has its own. The first match counts."""


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
            f"{key} does not hold the value that If-Match stands for: it was changed in between, "
            "or the ETag is not of this setting. Read it again, then decide.",
            headers={"ETag": etag},
            extra={"current": {"value": value, "etag": etag}, "requested": requested},
        )


class WriteUnconfirmed(Problem):
    is_providers = True
    status = HTTPStatus.BAD_GATEWAY
    code = "write_unconfirmed"
    detail = (
        "Connection to Vapi failed. The change may or may not have been made; AVA will find out "
        "with the next read. Please look before you try again."
    )


class WriteNotKept(Problem):
    is_providers = True
    status = HTTPStatus.BAD_GATEWAY
    code = "write_not_kept"
    detail = "Vapi accepted the change but did not keep it. Read the setting to see what it holds."


class VapiRefused(Problem):
    """Vapi answered, understood, and refused, in words that AVA has no sentence for."""

    is_providers = True
    status = HTTPStatus.BAD_GATEWAY
    code = "vapi_refused"
    detail = (
        "Vapi did not accept AVA's request. Vapi's dashboard may show what is wrong with the "
        "assistant or the number."
    )


class NumberRefused(Conflict):
    code = "vapi_number_refused"
    detail = "Vapi does not take this number."


class CallNotFound(NotFound):
    code = "vapi_call_not_found"
    detail = "Vapi knows no such call."


class CallNotControllable(Conflict):
    code = "vapi_call_not_controllable"
    detail = "Vapi takes no orders for this call: it has not begun yet, or it is over."


class OrganisationGone(Conflict):
    code = "vapi_organisation_gone"
    detail = (
        "This began in a Vapi organisation that the API key stored now is not of. Store a key of "
        "that one again, so that AVA can look after it."
    )


class ChangeRefused(Exception):
    """Refusal by Vapi's validation; `complaints` are its words, for `unacceptable` only."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("Vapi refused the change")
        self.complaints = tuple(complaints)


def invalid(sentence: str, field: str = "value") -> ValidationFailed:
    """A refusal of one field of the request's body."""
    return ValidationFailed(sentence, errors={field: [sentence]})


_PROBLEMS: Final[Mapping[str, Callable[[dict[str, str]], Problem]]] = {
    "assistant_not_found": lambda row: AssistantNotFound(),
    "number_refused": lambda row: NumberRefused(row["sentence"] or None),
    "rate_limited": lambda row: ProviderRateLimited(VAPI, unsent=True),
    "refused": lambda row: VapiRefused(row["sentence"]),
    "validation_failed": lambda row: invalid(row["sentence"], row["field"]),
}


# What an answer other than 2xx means; None: this is not the Vapi that was asked.


def not_found(answer: Answer) -> Problem | None:
    """Problem of a read of one assistant. Vapi says 400 to an id that cannot be one."""
    return AssistantNotFound() if answer.status in (400, 404) else None


def unknown_call(answer: Answer) -> Problem | None:
    """Problem of a read of one call."""
    return CallNotFound() if answer.status in (400, 404) else None


def not_changed(answer: Answer) -> Exception | None:
    """Problem of a change of an assistant."""
    if answer.status == 404:
        return AssistantNotFound()
    return ChangeRefused(_messages(answer)) if answer.status in (400, 409, 413, 422) else None


def not_imported(answer: Answer) -> Problem | None:
    """Problem of an import of a number."""
    return _meant("import", answer) if answer.status in (400, 409, 422) else None


def not_called(answer: Answer) -> Problem | None:
    """Problem of a call that was to be placed. A refusal with Vapi's own `statusCode` means that no
    phone was called; any other may be of something in front of Vapi."""
    refused = answer.status in (400, 402, 404, 409, 413, 422)
    is_vapis = refused and _body(answer).get("statusCode") == answer.status
    return _meant("call", answer) if is_vapis else None


def unacceptable(key: str, path: Sequence[str], complaints: Sequence[str]) -> ValidationFailed:
    """Vapi's complaints about a change of the setting at this path, in AVA's words."""
    about_it = [complaint for complaint in complaints if complaint.startswith(f"{'.'.join(path)} ")]
    for complaint in about_it:
        for words, row in REFUSALS:
            if row["about"] == "change" and (found := words.search(complaint)):
                return invalid(row["sentence"].format(found[1], key=key))
    if not about_it and any(complaint.startswith(f"{path[0]}.") for complaint in complaints):
        return invalid(
            f"Vapi does not take a change of {key} while something else in the assistant's "
            f"{path[0]} is not as it wants it. Save the assistant once in Vapi's dashboard."
        )
    return invalid(f"Vapi does not accept this value for {key}.")


def _meant(about: str, answer: Answer) -> Problem:
    """The problem that Vapi's words stand for; VapiRefused for words unknown."""
    complaint = "; ".join(_messages(answer))
    for words, row in REFUSALS:
        if row["about"] == about and words.search(complaint):
            return _PROBLEMS[row["problem"]](row)
    return VapiRefused()


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
