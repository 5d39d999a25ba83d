"""Problems of logins and tokens."""

from http import HTTPStatus

from ava.http.problems import Conflict, NotFound, PermissionRefused, Problem, RateLimited

CHALLENGE = 'Bearer realm="ava"'


class Unauthenticated(Problem):
    """401 of AVA's own; its challenge is another than that of a provider's refused key."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


class LoginFailed(Unauthenticated):
    code = "login_failed"
    detail = "The user name, e-mail or password is not right."


class PasswordWrong(PermissionRefused):
    """A password that confirms an action; not a 401, because the login itself is good."""

    code = "password_wrong"
    detail = "The password is not right. Nothing was done."


class PasswordNotSet(PermissionRefused):
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


class ApiTokenInvalid(TokenInvalid):
    detail = "This API token is not valid: it is not whole, or was revoked. Make a new one."


class ApiTokenExpired(TokenExpired):
    detail = "This API token has expired. Make a new one."


class TokenReadOnly(PermissionRefused):
    code = "token_read_only"
    detail = "This API token may only read. Use one with the scope write."


class LoginRequired(PermissionRefused):
    code = "login_required"
    detail = "An API token cannot do this. Log in, and use the access token of the login."


class LoginNotFresh(PermissionRefused):
    code = "login_not_fresh"
    detail = "Log in again first: to make an API token, your login must be younger than 15 minutes."


class TooManyTokens(Conflict):
    code = "too_many_tokens"
    detail = "You have 50 API tokens already. Revoke one that you do not need."


class ApiTokenNotFound(NotFound):
    code = "token_not_found"
    detail = "You have no such API token."


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
