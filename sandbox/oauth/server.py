"""Authorization and token endpoints, with the checks that both providers make."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from sandbox.clock import utc_now
from sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from sandbox.oauth.dialect import Dialect, Problem, RefusedError
from sandbox.oauth.grants import TOKEN_LIVES, Account, Code, Grant, Grants
from sandbox.oauth.id_token import sign
from sandbox.oauth.pages import consent_page, error_page
from sandbox.phones.http_client import is_loopback
from sandbox.wire import Answer, Request, json_answer

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthServer:
    """One provider's OAuth server, for one client."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.grants = Grants()
        self.reset()

    def reset(self) -> None:
        """No grants; the secret is good again, and every address of this machine is registered."""
        self.grants.reset()
        self.redirect_uris: tuple[str, ...] = ()
        self.secret_expired = False
        self.next_lives = TOKEN_LIVES  # the next access token, and only that one

    def authorize(self, request: Request) -> Answer:
        """The authorization endpoint: a page for GET, a person's decision for POST."""
        query = dict(request.query)
        try:
            self._check_client(query)
        except RefusedError as error:
            return error_page(400, self._dialect.title, self._dialect.error_text(error))
        try:
            scopes = self._check_query(query)
            if request.method == "POST":
                return self._decide(
                    query, scopes, parse_qsl(request.body.decode("utf-8", "replace"))
                )
            account = self._account(query.get("login_hint", ""))
            if query.get("prompt") != "none":
                wishes = [(scope, self._dialect.optional(scope)) for scope in scopes]
                return consent_page(
                    self._dialect.title, CLIENT_ID, self._dialect.accounts, account, wishes
                )
            if not self.grants.has_consent(account, scopes):
                raise RefusedError(Problem.NO_PAGE)
            return self._allow(query, account, scopes)
        except RefusedError as error:
            fields = self._dialect.redirects(error)
            if fields is None:
                return error_page(400, self._dialect.title, self._dialect.error_text(error))
            return _redirect(query, fields)

    def token(self, request: Request) -> Answer:
        """The token endpoint."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            self._authenticate(request, form)
            match _required(form, "grant_type"):
                case "authorization_code":
                    found = self._redeem(form)
                case "refresh_token":
                    found = self._refresh(form)
                case other:
                    raise RefusedError(Problem.GRANT_TYPE, grant_type=other)
        except RefusedError as error:
            return self._dialect.token_error(error)
        return json_answer(200, found, _NO_STORE)

    def _check_client(self, query: Mapping[str, str]) -> None:
        """Check what has to be right before the browser may be sent anywhere."""
        if _required(query, "client_id") != CLIENT_ID:
            raise RefusedError(Problem.UNKNOWN_CLIENT, client_id=query["client_id"])
        uri = _required(query, "redirect_uri")
        known = uri in self.redirect_uris if self.redirect_uris else _is_of_this_machine(uri)
        if not known:
            raise RefusedError(Problem.UNREGISTERED_REDIRECT, redirect_uri=uri)

    def _check_query(self, query: Mapping[str, str]) -> tuple[str, ...]:
        if _required(query, "response_type") != "code":
            raise RefusedError(Problem.RESPONSE_TYPE, response_type=query["response_type"])
        if "code_challenge" in query and _method(query) not in ("S256", "plain"):
            raise RefusedError(Problem.CHALLENGE_METHOD, method=_method(query))
        return self._dialect.requested_scopes(_required(query, "scope"))

    def _account(self, email: str) -> Account:
        known = {account.email: account for account in self._dialect.accounts}
        return known.get(email.lower(), self._dialect.accounts[0])

    def _decide(
        self, query: Mapping[str, str], scopes: tuple[str, ...], form: list[tuple[str, str]]
    ) -> Answer:
        fields = dict(form)
        if fields.get("decision") != "allow":
            raise RefusedError(Problem.DENIED)
        ticked = {value for name, value in form if name == "scope"}
        # A form without the page's boxes allows everything.
        if "chooses" in fields or ticked:
            scopes = tuple(
                scope for scope in scopes if scope in ticked or not self._dialect.optional(scope)
            )
        if not scopes:
            raise RefusedError(Problem.DENIED)
        named = fields.get("account") or query.get("login_hint", "")
        return self._allow(query, self._account(named), scopes)

    def _allow(self, query: Mapping[str, str], account: Account, scopes: tuple[str, ...]) -> Answer:
        consented = self.grants.has_consent(account, scopes)
        grant = Grant(account, scopes, query.get("nonce", ""))
        offline = self._dialect.offline(query, consented=consented)
        challenge = query.get("code_challenge", "")
        code = Code(grant, query["redirect_uri"], challenge, _method(query), offline)
        text = self.grants.add_code(self._dialect.code_prefix, code)
        return _redirect(query, {"code": text, **self._dialect.redirect_extras(grant)})

    def _authenticate(self, request: Request, form: dict[str, str]) -> None:
        if basic := request.credentials("basic"):
            try:
                user, _, password = base64.b64decode(basic, validate=True).decode().partition(":")
            except ValueError:
                raise RefusedError(Problem.WRONG_SECRET, client_id="") from None
            client_id, secret = unquote_plus(user), unquote_plus(password)
        else:
            client_id, secret = _required(form, "client_id"), form.get("client_secret", "")
        if client_id != CLIENT_ID:
            raise RefusedError(Problem.UNKNOWN_CLIENT, client_id=client_id)
        if not secret:
            raise RefusedError(Problem.MISSING_SECRET)
        if not hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode()):
            raise RefusedError(Problem.WRONG_SECRET, client_id=client_id)
        if self.secret_expired:
            raise RefusedError(Problem.EXPIRED_SECRET, client_id=client_id)

    def _redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = self.grants.redeem(_required(form, "code"))
        uri = _required(form, "redirect_uri")
        if code is None:
            raise RefusedError(Problem.UNKNOWN_CODE)
        if code.used:
            raise RefusedError(Problem.USED_CODE)
        if code.expires <= utc_now():
            raise RefusedError(Problem.EXPIRED_CODE)
        if code.grant.revoked:
            raise RefusedError(Problem.REVOKED_TOKEN)
        if uri != code.redirect_uri:
            raise RefusedError(Problem.OTHER_REDIRECT, redirect_uri=uri, first=code.redirect_uri)
        _check_verifier(code, form.get("code_verifier", ""))
        return self._tokens(code.grant, code.grant.scopes, offline=code.offline)

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        token = self.grants.use_refresh(_required(form, "refresh_token"))
        if token is None:
            raise RefusedError(Problem.UNKNOWN_TOKEN)
        if token.grant.revoked:
            raise RefusedError(Problem.REVOKED_TOKEN)
        if token.expired:
            raise RefusedError(Problem.EXPIRED_TOKEN)
        scopes = token.scopes
        if asked := form.get("scope"):
            scopes = self._dialect.requested_scopes(asked)
            if not set(scopes) <= set(token.scopes):
                raise RefusedError(Problem.UNKNOWN_SCOPE, scope=asked)
        rotates = self._dialect.rotates or token.grant.rotating
        return self._tokens(token.grant, scopes, offline=rotates)

    def _tokens(self, grant: Grant, scopes: tuple[str, ...], *, offline: bool) -> dict[str, Any]:
        dialect = self._dialect
        lives, self.next_lives = self.next_lives, TOKEN_LIVES
        answer: dict[str, Any] = {
            "access_token": self.grants.add_access(dialect.access_prefix, grant, scopes, lives),
            "expires_in": int(lives.total_seconds()),
            "scope": " ".join(dialect.granted(scopes)),
            "token_type": "Bearer",
            **dialect.token_extras(),
        }
        if offline:
            refresh = self.grants.add_refresh(dialect.refresh_prefix, grant, grant.scopes)
            answer["refresh_token"] = refresh
        if "openid" in scopes:
            answer["id_token"] = self._id_token(grant)
        return answer

    def _id_token(self, grant: Grant) -> str:
        now = int(utc_now().timestamp())
        claims = {"aud": CLIENT_ID, "iat": now, "exp": now + int(TOKEN_LIVES.total_seconds())}
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        return sign({**self._dialect.claims(grant), **claims, **nonce})


def _required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name)
    if not value:
        raise RefusedError(Problem.MISSING_PARAMETER, name=name)
    return value


def _method(query: Mapping[str, str]) -> str:
    """The challenge's method; plain is RFC 7636's default."""
    return query.get("code_challenge_method") or "plain"


def _check_verifier(code: Code, verifier: str) -> None:
    if not code.challenge:
        return
    if not verifier:
        raise RefusedError(Problem.MISSING_VERIFIER)
    if code.method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(verifier.encode(), code.challenge.encode()):
        raise RefusedError(Problem.WRONG_VERIFIER)


def _is_of_this_machine(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and is_loopback(host)
        and bool(re.fullmatch(r"[!-~]+", uri))
        and "#" not in uri
        and "@" not in parts.netloc
    )


def _redirect(query: Mapping[str, str], fields: Mapping[str, str]) -> Answer:
    uri = query["redirect_uri"]
    sent = {**fields, **({"state": query["state"]} if "state" in query else {})}
    location = f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(sent)}"
    return Answer(302, b"", {"Location": location, **_NO_STORE})
