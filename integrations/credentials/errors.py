"""Problems of credentials: missing, unreadable, used up."""

from http import HTTPStatus

from ava.http.problems import NotFound, Problem
from integrations.credentials.providers import Provider


class CredentialsMissing(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "credentials_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} credentials not configured. Add them in Settings.")


class CredentialsUnreadable(Problem):
    """Something is stored, but its key is lost or the row was tampered with."""

    status = HTTPStatus.BAD_REQUEST
    code = "credentials_unreadable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Your stored {name} credentials cannot be read any more. Enter them again in "
            "Settings, or ask your operator to restore the encryption key."
        )


class AllowanceSpent(Problem):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "allowance_spent"

    def __init__(
        self, provider: Provider, *, limit: int, left: int, units: int, seconds: float
    ) -> None:
        name, waiting_helps = provider.name, units <= limit
        needed = f", and this takes {units}" if units > 1 else ""
        wait = "Wait until then, or store" if waiting_helps else "Store"
        super().__init__(
            f"Your operator's {name} credentials allow you {limit} {provider.counted} a day: "
            f"{left} are left until midnight UTC{needed}. "
            f"{wait} {name} credentials of your own in Settings.",
            retry_after=seconds if waiting_helps else None,
        )


class UnknownProvider(NotFound):
    """No such provider, or one that is connected by signing in."""

    code = "unknown_provider"
