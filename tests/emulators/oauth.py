"""An OAuth 2.0 server for installed apps (RFC 6749, 7636, 8252): authorize, consent, token, revoke, token info.

Shape   OAuthServer(...).answer(Request) -> Response | None (not one of its paths); `auto_consent` redirects at once
Honest  PKCE S256 is checked, codes work once, the redirect must be loopback (any port), the secret must be right
Facts   1.1 to 1.7. What a service does differently is data: Paths, Policy, `known_scopes`
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.emulators.clock import Clock, Ids
from tests.emulators.oauth_page import consent_page, refusal_page
from tests.emulators.oauth_tokens import AccessToken, Grant, Policy, Refused, TokenStore
from tests.emulators.web import Request, Response, html_response, json_response, redirect

LOOPBACK = ("127.0.0.1", "localhost", "::1")
IDENTITY = frozenset({"openid", "email", "profile"})
VERIFIER_SIZE = range(43, 129)
JWT_HEAD = b'{"alg":"HS256","typ":"JWT"}'


@dataclass(frozen=True)
class Paths:
    authorize: tuple[str, ...] = ("/o/oauth2/v2/auth", "/o/oauth2/auth")
    consent: str = "/o/oauth2/consent"
    token: str = "/token"
    revoke: str = "/revoke"
    token_info: str = "/tokeninfo"
    user_info: str = "/userinfo"


@dataclass(frozen=True)
class Client:
    id: str
    secret: str
    name: str = "calsync"


@dataclass
class Wish:
    """One authorization request while the person looks at the page."""

    params: dict[str, str]
    scopes: list[str]


@dataclass
class OAuthServer:
    clock: Clock
    ids: Ids
    client: Client
    users: Callable[[], list[str]]
    known_scopes: frozenset[str]
    note: Callable[[str], None]                  # tells the emulator about a mistake of the client
    policy: Policy = field(default_factory=Policy)
    paths: Paths = field(default_factory=Paths)
    auto_consent: bool = False
    auto_user: str = ""                          # who agrees when nobody looks; empty: login_hint or the first
    auto_scopes: frozenset[str] | None = None    # what they leave ticked; None: everything
    auto_denies: bool = False
    token_faults: list[Refused] = field(default_factory=list)     # answers for the next token requests

    def __post_init__(self) -> None:
        self.tokens = TokenStore(self.clock, self.ids, self.policy)
        self.wishes: dict[str, Wish] = {}
        self.token_requests: list[dict[str, str]] = []

    def answer(self, request: Request) -> Response | None:
        paths = self.paths
        if request.path in paths.authorize and request.method == "GET":
            return self._authorize(dict(request.params))
        routes = {
            ("POST", paths.consent): self._consent, ("POST", paths.token): self._token,
            ("POST", paths.revoke): self._revoke, ("GET", paths.revoke): self._revoke,
            ("GET", paths.token_info): self._token_info, ("GET", paths.user_info): self._user_info,
        }
        found = routes.get((request.method, request.path))
        return found(request) if found else None

    def bearer(self, authorization: str) -> AccessToken | None:
        kind, _, value = authorization.partition(" ")
        return self.tokens.living_access(value.strip()) if kind.lower() == "bearer" else None

    # -- authorize -----------------------------------------------------------------------------------------------------

    def _authorize(self, params: dict[str, str]) -> Response:
        if params.get("client_id") != self.client.id:
            return html_response(401, refusal_page("invalid_client", "The OAuth client was not found."))
        if not _is_loopback(params.get("redirect_uri", "")):
            return html_response(400, refusal_page("redirect_uri_mismatch", "This redirect is not allowed."))
        scopes = params.get("scope", "").split()
        problem = self._problem(params, scopes)
        if problem:
            return html_response(400, refusal_page(*problem))
        if not params.get("code_challenge"):
            self.note("authorization without PKCE")
        if not params.get("state"):
            self.note("authorization without state")
        ticket = self.ids.secret(length=24)
        self.wishes[ticket] = Wish(params, scopes)
        users = self.users()
        chosen = params.get("login_hint", "") if params.get("login_hint") in users else users[0]
        if self.auto_consent:
            granted = [s for s in scopes if self.auto_scopes is None or s in self.auto_scopes]
            return self._decide(ticket, not self.auto_denies, self.auto_user or chosen, granted)
        return html_response(200, consent_page(self.paths.consent, ticket, self.client.name, users, chosen, scopes))

    def _problem(self, params: dict[str, str], scopes: list[str]) -> tuple[str, str] | None:
        if params.get("response_type") != "code":
            return "unsupported_response_type", "Only response_type=code is offered."
        unknown = [s for s in scopes if s not in self.known_scopes | IDENTITY]
        if unknown or not scopes:
            return "invalid_scope", f"Some requested scopes were invalid: {unknown}"
        if params.get("code_challenge") and params.get("code_challenge_method", "plain") != "S256":
            return "invalid_request", "Code challenge method not supported: use S256."
        return None

    def _consent(self, request: Request) -> Response:
        form = parse_qsl(request.body.decode())
        once = dict(form)
        scopes = [value for name, value in form if name == "scope"]
        return self._decide(once.get("ticket", ""), once.get("decision") == "allow", once.get("user", ""), scopes)

    def _decide(self, ticket: str, allowed: bool, user: str, scopes: list[str]) -> Response:
        wish = self.wishes.pop(ticket, None)
        if wish is None:
            return html_response(400, refusal_page("invalid_request", "This page is too old: start again."))
        state = {"state": wish.params["state"]} if "state" in wish.params else {}
        if not allowed or user not in self.users() or not scopes:
            return redirect(_with_query(wish.params["redirect_uri"], {"error": "access_denied", **state}))
        granted = self._remember(user, frozenset(scopes) & frozenset(wish.scopes), wish)
        offline = wish.params.get("access_type") == "offline" and self._first_or_forced(user, wish)
        self.tokens.consented[user, self.client.id] = granted | self._before(user)
        code = self.tokens.new_code(
            Grant(user, self.client.id, granted), wish.params["redirect_uri"],
            wish.params.get("code_challenge", ""), offline,
        )
        told = {**state, "code": code.value, "scope": " ".join(sorted(granted))}
        return redirect(_with_query(wish.params["redirect_uri"], told))

    def _before(self, user: str) -> frozenset[str]:
        return self.tokens.consented.get((user, self.client.id), frozenset())

    def _remember(self, user: str, granted: frozenset[str], wish: Wish) -> frozenset[str]:
        """Incremental authorization: earlier rights come along when asked for."""
        return granted | self._before(user) if wish.params.get("include_granted_scopes") == "true" else granted

    def _first_or_forced(self, user: str, wish: Wish) -> bool:
        """A refresh token comes only on the first consent, or with prompt=consent (facts 1.3)."""
        return (user, self.client.id) not in self.tokens.consented or "consent" in wish.params.get("prompt", "")

    # -- token ---------------------------------------------------------------------------------------------------------

    def _token(self, request: Request) -> Response:
        form = request.form()
        self.token_requests.append({name: value for name, value in form.items() if name in ("grant_type", "scope")})
        try:
            if self.token_faults:
                raise self.token_faults.pop(0)
            self._authenticate(form, request.headers.get("authorization", ""))
            if form.get("grant_type") == "authorization_code":
                return json_response(200, self._exchange(form))
            if form.get("grant_type") == "refresh_token":
                return json_response(200, self._refresh(form))
            raise Refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        except Refused as refused:
            return json_response(refused.status, refused.body())

    def _authenticate(self, form: dict[str, str], authorization: str) -> None:
        """Basic or body; both are used by real libraries (facts 1.4)."""
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        if authorization.startswith("Basic "):
            given = tuple(base64.b64decode(authorization[6:]).decode().split(":", 1))  # type: ignore[assignment]
        if given[0] != self.client.id:
            raise Refused("invalid_client", "The OAuth client was not found.", 401)
        if given[1] != self.client.secret:
            raise Refused("invalid_client", "Unauthorized", 401)

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        code = self.tokens.redeem(form.get("code", ""), self.client.id, form.get("redirect_uri", ""))
        if code.challenge:
            _check_verifier(form.get("code_verifier", ""), code.challenge)
        refresh = self.tokens.new_refresh(code.grant) if code.offline else None
        access = self.tokens.new_access(code.grant, refresh)
        return self._told(access) | ({"refresh_token": refresh.value} if refresh else {})

    def _refresh(self, form: dict[str, str]) -> dict[str, Any]:
        token = self.tokens.living_refresh(form.get("refresh_token", ""), self.client.id)
        wanted = frozenset(form.get("scope", "").split()) or token.grant.scopes
        if not wanted <= token.grant.scopes:
            raise Refused("invalid_scope", "Some requested scopes were invalid or not granted.")
        fresh = self.tokens.rotate(token)
        access = self.tokens.new_access(Grant(token.grant.user, self.client.id, wanted), fresh or token)
        return self._told(access) | ({"refresh_token": fresh.value} if fresh else {})

    def _told(self, access: AccessToken) -> dict[str, Any]:
        told = {
            "access_token": access.value, "expires_in": int(self.policy.access_life_s), "token_type": "Bearer",
            "scope": " ".join(sorted(access.grant.scopes)),
        }
        return told | ({"id_token": self._id_token(access.grant)} if "openid" in access.grant.scopes else {})

    def _id_token(self, grant: Grant) -> str:
        now = int(self.clock.now_s())
        claims = {"iss": "https://accounts.google.com", "aud": self.client.id, "sub": subject(grant.user), "iat": now,
                  "exp": now + 3600}
        if "email" in grant.scopes:
            claims |= {"email": grant.user, "email_verified": True}
        signed = f"{_b64(JWT_HEAD)}.{_b64(json.dumps(claims).encode())}"
        return f"{signed}.{_b64(hmac.digest(self.client.secret.encode(), signed.encode(), 'sha256'))}"

    # -- what is known about a token -----------------------------------------------------------------------------------

    def _revoke(self, request: Request) -> Response:
        value = dict(request.params).get("token") or request.form().get("token", "")
        if self.tokens.revoke(value):
            return json_response(200, {})
        return json_response(400, {"error": "invalid_token", "error_description": "Token expired or revoked"})

    def _token_info(self, request: Request) -> Response:
        token = self.tokens.living_access(dict(request.params).get("access_token", ""))
        if token is None:
            return json_response(400, {"error": "invalid_token", "error_description": "Invalid Value"})
        told = {"aud": self.client.id, "azp": self.client.id, "scope": " ".join(sorted(token.grant.scopes)),
                "expires_in": str(int(token.expires_s - self.clock.now_s()))}
        return json_response(200, told | ({"email": token.grant.user} if "email" in token.grant.scopes else {}))

    def _user_info(self, request: Request) -> Response:
        token = self.bearer(request.headers.get("authorization", ""))
        if token is None or not token.grant.scopes & IDENTITY:
            return json_response(401, {"error": "invalid_request", "error_description": "Invalid Credentials"})
        told = {"sub": subject(token.grant.user)}
        return json_response(200, told | ({"email": token.grant.user} if "email" in token.grant.scopes else {}))


def _is_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK and not parts.fragment


def _with_query(uri: str, params: dict[str, str]) -> str:
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(params)}"


def _check_verifier(verifier: str, challenge: str) -> None:
    if not verifier:
        raise Refused("invalid_grant", "Missing code verifier.")
    right = _b64(hashlib.sha256(verifier.encode()).digest()) == challenge
    if len(verifier) not in VERIFIER_SIZE or not right:
        raise Refused("invalid_grant", "Invalid code verifier.")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def subject(user: str) -> str:
    return str(int(hashlib.sha256(user.encode()).hexdigest()[:16], 16))
