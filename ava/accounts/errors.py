from http import HTTPStatus

from ava.http.problems import Problem, RateLimited

CHALLENGE = 'Bearer realm="ava"'


class Unauthenticated(Problem):
    """401 of AVA's own; its challenge is another than that of a provider's refused key."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


class LoginFailed(Unauthenticated):
    code = "login_failed"
    detail = "The user name, e-mail or password is not right."


class PasswordWrong(Problem):
    """A password that confirms an action; not a 401, because the login itself is good."""

    status = HTTPStatus.FORBIDDEN
    code = "password_wrong"
    detail = "The password is not right. Nothing was done."


class PasswordNotSet(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "password_not_set"
    detail = (
        "This asks for your password again, and your account has none. "
        "Ask your operator to set one."
    )


class TokenInvalid(Unauthenticated):
    code = "token_invalid"
    detail = "This token is not valid. Log in again."


class TokenExpired(Unauthenticated):
    code = "token_expired"
    detail = "This token has expired. Refresh it, or log in again."


class TokenReused(Unauthenticated):
    code = "token_reused"
    detail = "This refresh token was used before, so this login has been ended. Log in again."


class RefreshRaced(Unauthenticated):
    code = "refresh_raced"
    detail = "Another request has just refreshed this login. Use the tokens that it got."


class SessionEnded(Unauthenticated):
    code = "session_ended"
    detail = "This login has ended. Log in again."


class LoginSlowed(RateLimited):
    """Too many wrong passwords; the sentence is that of the rate limit."""

    code = "login_slowed"
