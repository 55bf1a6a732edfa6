"""Who may ask for what: clients, codes, tokens, devices. The state behind the sign-in pages (facts A1, L1, L16.1 to 8).

Shape   Identity(world, knobs, client_id).grant_* -> the JSON of a token answer; .session(header) -> Session
Errors  Refused on the sign-in side, GraphError 401 on the Graph side
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from datetime import timedelta
from typing import Any

from tests.emulators.graph.aadsts import Refused
from tests.emulators.graph.errors import GraphError
from tests.emulators.graph.grants import Grant, Session, packed, short
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.world import Mailbox, World

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
RESERVED = frozenset({"openid", "profile", "email", "offline_access"})
KNOWN = frozenset(
    {
        "calendars.read",
        "calendars.readwrite",
        "calendars.readbasic",
        "calendars.read.shared",
        "calendars.readwrite.shared",
        "user.read",
        "mailboxsettings.read",
        "mailboxsettings.readwrite",
        ".default",
    }
)
AUTHORIZE = "https://login.microsoftonline.com/common/oauth2/authorize"
RESOURCE = "https://graph.microsoft.com/"


class Identity:
    def __init__(self, world: World, knobs: Knobs, client_id: str) -> None:
        self.world, self.knobs, self.client_id = world, knobs, client_id
        self.lock = threading.RLock()
        self.sessions: dict[str, Session] = {}
        self.codes: dict[str, Grant] = {}
        self.refresh: dict[str, Grant] = {}
        self.devices: dict[str, Grant] = {}  # by user code
        self.refusals: list[tuple[int, str, int]] = []  # code, grant type, times
        self.redirects = ["http://localhost"]

    # -- checks --------------------------------------------------------------------------------------------------------

    def check_client(self, client_id: str, tenant: str) -> None:
        if client_id != self.client_id:
            raise Refused(700016)
        if self.knobs.single_tenant and tenant in ("common", "organizations", "consumers"):
            raise Refused(50194)

    def check_redirect(self, target: str) -> None:
        """Any port of http://localhost; anything else must be registered as it stands."""
        stem, _, port = target.rstrip("/").rpartition(":")
        loose = stem == "http://localhost" and port.isdigit()
        if not loose and target.rstrip("/") not in self.redirects:
            raise Refused(50011)

    def check_scopes(self, text: str, *, personal: bool) -> frozenset[str]:
        scopes = frozenset(text.split())
        asked = {short(one).lower() for one in scopes - RESERVED}
        if not asked <= KNOWN:
            raise Refused(70011)
        if personal and any(one.endswith(".shared") for one in asked):
            raise Refused(650053)
        return scopes

    def check_account(self, mailbox: Mailbox, tenant: str) -> None:
        personal = mailbox.user.personal
        if (personal and tenant == "organizations") or (not personal and tenant in ("consumers", CONSUMERS)):
            raise Refused(50020)
        if tenant not in ("common", "organizations", "consumers") and tenant not in (mailbox.user.tid, CONSUMERS):
            raise Refused(500200 if personal else 50020)

    def check_armed(self, grant_type: str) -> None:
        for place, (code, kind, times) in enumerate(self.refusals):
            if kind in ("*", grant_type):
                if times:
                    left = [(code, kind, times - 1)] if times > 1 else []
                    self.refusals[place:place + 1] = left
                raise Refused(code)

    # -- grants --------------------------------------------------------------------------------------------------------

    def new_code(self, mailbox: Mailbox, request: dict[str, str]) -> str:
        scopes = self.check_scopes(request.get("scope", ""), personal=mailbox.user.personal)
        code = "M.C5_" + secrets.token_urlsafe(40)
        self.codes[code] = Grant(mailbox, scopes, self.world.clock.now(), request)
        return code

    def redeem_code(self, form: dict[str, str]) -> dict[str, Any]:
        grant = self.codes.get(form.get("code", ""))
        if grant is None:
            raise Refused(70000)
        if grant.used:
            raise Refused(54005)
        if self.world.clock.now() - grant.made > timedelta(minutes=10):
            raise Refused(70008)
        verifier = form.get("code_verifier", "")
        mark = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if mark != grant.request.get("code_challenge"):
            raise Refused(501481)
        if form.get("redirect_uri") != grant.request.get("redirect_uri"):
            raise Refused(50011, error="invalid_grant")
        grant.used = True
        return self._tokens(grant, form, nonce=grant.request.get("nonce"), claims=grant.request.get("claims"))

    def redeem_refresh(self, form: dict[str, str]) -> dict[str, Any]:
        grant = self.refresh.get(form.get("refresh_token", ""))
        now = self.world.clock.now()
        if grant is None or grant.mailbox is None:
            raise Refused(70000)
        if grant.state == "revoked":
            raise Refused(50173)
        if now - grant.made > timedelta(seconds=self.knobs.refresh_idle_s):
            raise Refused(700082)
        if grant.used and self.knobs.old_refresh_token == "refused":
            raise Refused(70000)
        if form.get("scope"):
            asked = self.check_scopes(form["scope"], personal=grant.mailbox.user.personal)
            held = {short(one).lower() for one in grant.scopes}
            if not {short(one).lower() for one in asked} <= held | RESERVED | {".default"}:
                raise Refused(65001)
        grant.used = True
        return self._tokens(grant, form)

    def new_device(self, scope: str) -> dict[str, Any]:
        scopes = self.check_scopes(scope, personal=False)
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        user_code = "".join(secrets.choice(letters) for _ in range(9))
        self.devices[user_code] = Grant(
            None, scopes, self.world.clock.now(), {"device_code": secrets.token_urlsafe(48)}
        )
        return {
            "user_code": user_code,
            "device_code": self.devices[user_code].request["device_code"],
            "expires_in": 900,
            "interval": self.knobs.device_interval_s,
        }

    def redeem_device(self, form: dict[str, str]) -> dict[str, Any]:
        wanted = form.get("device_code")
        grant = next((one for one in self.devices.values() if one.request["device_code"] == wanted), None)
        if grant is None:
            raise Refused(70018)
        grant.polls += 1
        outcome = self.knobs.device_outcome
        if grant.used or outcome == "expire" or self.world.clock.now() - grant.made > timedelta(minutes=15):
            raise Refused(70019)
        if grant.state == "declined" or outcome == "decline":
            raise Refused(65004, error="authorization_declined")
        if grant.polls <= self.knobs.device_slow_down:
            raise Refused(70016, error="slow_down")
        waiting = grant.polls <= self.knobs.device_pending + self.knobs.device_slow_down
        if grant.state != "approved" and (waiting or outcome != "approve"):
            raise Refused(70016)
        grant.mailbox = grant.mailbox or self.signing_in("")
        grant.used = True
        return self._tokens(grant, form)

    def signing_in(self, hint: str) -> Mailbox:
        return self.world.mailbox(self.knobs.sign_in_as or hint) or self.world.mailboxes[0]

    # -- tokens --------------------------------------------------------------------------------------------------------

    def _tokens(
        self, grant: Grant, form: dict[str, str], *, nonce: str | None = None, claims: str | None = None,
    ) -> dict[str, Any]:
        assert grant.mailbox is not None
        missing = {one.lower() for one in self.knobs.scope_missing}
        scopes = frozenset(one for one in grant.scopes if short(one).lower() not in missing)
        claimed = json.loads(form.get("claims") or claims or "{}")
        access = self.access_token(grant.mailbox, scopes, claimed)
        user = grant.mailbox.user
        shown = sorted(scopes - {"offline_access"}, key=lambda one: (one in RESERVED, one))
        if self.knobs.scope_form == "long":
            shown = [one if one in RESERVED else RESOURCE + short(one) for one in shown]
        life = int(self.knobs.access_token_s)
        answer: dict[str, Any] = {
            "token_type": "Bearer", "scope": " ".join(shown), "expires_in": life, "ext_expires_in": life,
            "access_token": access, "client_info": packed({"uid": user.oid, "utid": user.tid}),
        }
        if "offline_access" in scopes:
            answer["refresh_token"] = self.refresh_token(grant.mailbox, grant.scopes)
        if "openid" in scopes:
            answer["id_token"] = self._id_token(grant.mailbox, nonce)
        return answer

    def access_token(self, mailbox: Mailbox, scopes: frozenset[str], claims: dict[str, Any] | None = None) -> str:
        """Opaque, as those for Graph are."""
        text = "EwB" + secrets.token_urlsafe(600)
        ends = self.world.clock.now() + timedelta(seconds=self.knobs.access_token_s)
        self.sessions[text] = Session(mailbox, scopes, ends, claims or {})
        return text

    def refresh_token(self, mailbox: Mailbox, scopes: frozenset[str]) -> str:
        text = "0.AX" + secrets.token_urlsafe(400)
        self.refresh[text] = Grant(mailbox, scopes, self.world.clock.now(), state="good")
        return text

    def _id_token(self, mailbox: Mailbox, nonce: str | None) -> str:
        now, user = self.world.clock.now(), mailbox.user
        payload = {
            "ver": "2.0",
            "iss": f"https://login.example.com/{user.tid}/v2.0",
            "sub": f"sub-{user.oid}",
            "aud": self.client_id,
            "exp": int((now + timedelta(hours=1)).timestamp()),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "name": user.name,
            "preferred_username": user.address,
            "oid": user.oid,
            "tid": user.tid,
        }
        if nonce:
            payload["nonce"] = "another" if self.knobs.wrong_nonce else nonce
        return ".".join(
            (packed({"typ": "JWT", "alg": "RS256", "kid": "emulator"}), packed(payload), secrets.token_urlsafe(64))
        )

    def revoke(self, mailbox: Mailbox) -> None:
        """As after a change of password: nothing issued so far is good."""
        for grant in self.refresh.values():
            if grant.mailbox is mailbox:
                grant.state = "revoked"
        for session in self.sessions.values():
            session.dead |= session.mailbox is mailbox

    def expire_access_tokens(self) -> None:
        for session in self.sessions.values():
            session.dead = True

    # -- the Graph side ------------------------------------------------------------------------------------------------

    def session(self, header: str) -> Session:
        kind, _, text = header.partition(" ")
        found = self.sessions.get(text) if kind.lower() == "bearer" else None
        if found is None:
            raise self.unauthorized(
                "Access token is empty." if not text else "CompactToken parsing failed with error code: 80049217."
            )
        found.uses += 1
        spent = 0 < self.knobs.access_token_uses < found.uses
        if found.dead or spent or found.expires <= self.world.clock.now():
            raise self.unauthorized("Lifetime validation failed, the token is expired.")
        wanted = found.mailbox.needs_claims
        if wanted and not _holds(found.claims, wanted):
            raise self.challenge(wanted, 401)
        return found

    def unauthorized(self, text: str) -> GraphError:
        says = f'Bearer realm="", authorization_uri="{AUTHORIZE}", client_id=""'
        return GraphError(401, "InvalidAuthenticationToken", text, headers={"WWW-Authenticate": says})

    def challenge(self, claims: dict[str, Any], status: int) -> GraphError:
        raw = base64.b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode()
        says = (f'Bearer realm="", authorization_uri="{AUTHORIZE}", '
                f'error="insufficient_claims", claims="{raw}"')
        text = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
        code = "InvalidAuthenticationToken" if status == 401 else "ErrorAccessDenied"
        return GraphError(status, code, text, headers={"WWW-Authenticate": says})


def _holds(held: Any, wanted: Any) -> bool:
    """Every claim that was asked for stands in the request that got the token."""
    if isinstance(wanted, dict):
        return isinstance(held, dict) and all(key in held and _holds(held[key], value) for key, value in wanted.items())
    return bool(held == wanted)
