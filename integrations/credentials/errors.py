"""Why AVA cannot use a user's credentials."""

from http import HTTPStatus

from ava.problems import Conflict, NotFound, Problem


class CredentialsMissing(Problem):
    """Nothing, or not everything, is stored for the provider.

    Args:
        name: the provider as people call it.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "credentials_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} credentials not configured. Add them in Settings.")


class CredentialsUnreadable(Problem):
    """Something is stored, but its key is lost or the row was tampered with.

    Args:
        name: the provider as people call it.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "credentials_unreadable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Your stored {name} credentials cannot be read any more. Enter them again in "
            "Settings, or ask your operator to restore the encryption key."
        )


class UnknownProvider(NotFound):
    """No such provider, or one that is connected by signing in."""

    code = "unknown_provider"


class VerificationUnavailable(Conflict):
    """AVA has no way to ask this provider."""

    code = "verification_unavailable"
