"""Codes, access tokens and refresh tokens: what each stands for, how long it lives and what kills it (facts 1.7).

Shape   TokenStore(clock, ids, policy); issue and look up; `kill(token, why)`; every life is measured by the clock
Errors  Refused(error, description, status): the token end point's own words, e.g. invalid_grant
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.emulators.clock import Clock, Ids

EXPIRED_OR_REVOKED = "Token has been expired or revoked."
DAY_S = 86_400.0


class Refused(Exception):
    def __init__(self, error: str, description: str, status: int = 400, subtype: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status, self.subtype = error, description, status, subtype

    def body(self) -> dict[str, str]:
        told = {"error": self.error, "error_description": self.description}
        return told | ({"error_subtype": self.subtype} if self.subtype else {})


@dataclass
class Policy:
    """How one service treats its tokens; the defaults are Google's for a published desktop client."""

    access_life_s: float = 3599
    code_life_s: float = 600
    refresh_life_s: float | None = None          # Google: 7 days while the consent screen is in Testing
    refresh_idle_s: float = 182 * DAY_S
    refresh_per_user: int = 100
    rotates: bool = False                        # every refresh answers with a new refresh token
    rotation_kills_old: bool = True
    access_prefix: str = "ya29."
    refresh_prefix: str = "1//"
    code_prefix: str = "4/"


@dataclass
class Grant:
    """What a person agreed to for one client."""

    user: str
    client_id: str
    scopes: frozenset[str]


@dataclass
class Code:
    value: str
    grant: Grant
    redirect_uri: str
    challenge: str
    offline: bool
    made_s: float
    used: bool = False


@dataclass
class RefreshToken:
    value: str
    grant: Grant
    made_s: float
    used_s: float
    dead: str = ""                               # why, e.g. "revoked"; empty while it lives
    subtype: str = ""


@dataclass
class AccessToken:
    value: str
    grant: Grant
    expires_s: float
    parent: RefreshToken | None = None
    dead: bool = False


@dataclass
class TokenStore:
    clock: Clock
    ids: Ids
    policy: Policy = field(default_factory=Policy)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    consented: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def new_code(self, grant: Grant, redirect_uri: str, challenge: str, offline: bool) -> Code:
        value = self.ids.secret(self.policy.code_prefix, 60)
        self.codes[value] = Code(value, grant, redirect_uri, challenge, offline, self.clock.now_s())
        return self.codes[value]

    def new_access(self, grant: Grant, parent: RefreshToken | None = None) -> AccessToken:
        token = self.ids.secret(self.policy.access_prefix, 80)
        made = AccessToken(token, grant, self.clock.now_s() + self.policy.access_life_s, parent)
        self.access[token] = made
        return made

    def new_refresh(self, grant: Grant) -> RefreshToken:
        """The oldest dies without notice when there are too many for one person and client."""
        now = self.clock.now_s()
        made = RefreshToken(self.ids.secret(self.policy.refresh_prefix, 60), grant, now, now)
        self.refresh[made.value] = made
        theirs = [t for t in self.refresh.values() if t.grant.user == grant.user
                  and t.grant.client_id == grant.client_id and not t.dead]
        for oldest in theirs[: max(0, len(theirs) - self.policy.refresh_per_user)]:
            self.kill(oldest, "too many")
        return made

    def redeem(self, value: str, client_id: str, redirect_uri: str) -> Code:
        """A code works once, for a short while, for the client and address it was made for."""
        code = self.codes.get(value)
        if code is None:
            raise Refused("invalid_grant", "Malformed auth code.")
        if code.used or self.clock.now_s() > code.made_s + self.policy.code_life_s:
            raise Refused("invalid_grant", "Bad Request")
        if code.grant.client_id != client_id:
            raise Refused("invalid_grant", "Bad Request")
        if code.redirect_uri != redirect_uri:
            raise Refused("redirect_uri_mismatch", "Bad Request")
        code.used = True
        return code

    def living_refresh(self, value: str, client_id: str) -> RefreshToken:
        token = self.refresh.get(value)
        if token is None or token.grant.client_id != client_id:
            raise Refused("invalid_grant", "Bad Request")
        now, policy = self.clock.now_s(), self.policy
        too_old = policy.refresh_life_s is not None and now > token.made_s + policy.refresh_life_s
        if too_old or now > token.used_s + policy.refresh_idle_s:
            self.kill(token, "expired")
        if token.dead:
            raise Refused("invalid_grant", EXPIRED_OR_REVOKED, subtype=token.subtype)
        token.used_s = now
        return token

    def rotate(self, token: RefreshToken) -> RefreshToken | None:
        if not self.policy.rotates:
            return None
        fresh = self.new_refresh(token.grant)
        if self.policy.rotation_kills_old:
            token.dead = "rotated"
        return fresh

    def living_access(self, value: str) -> AccessToken | None:
        token = self.access.get(value)
        if token is None or token.dead or self.clock.now_s() >= token.expires_s:
            return None
        return token

    def kill(self, token: RefreshToken, why: str, subtype: str = "") -> None:
        """Access tokens made from it die with it, except when it merely grew old."""
        token.dead, token.subtype = why, subtype
        if why in ("revoked", "expired"):
            self.consented.pop((token.grant.user, token.grant.client_id), None)
        if why == "revoked":
            for child in self.access.values():
                child.dead = child.dead or child.parent is token

    def revoke(self, value: str) -> bool:
        """Either kind; revoking an access token kills its refresh token too."""
        child = self.access.get(value)
        token = self.refresh.get(value) or (child.parent if child else None)
        if child:
            child.dead = True
        if token:
            self.kill(token, "revoked")
        return bool(child or token)

    def expire_access(self) -> None:
        for token in self.access.values():
            token.expires_s = self.clock.now_s()
