"""The authority over HTTP: discovery, authorize, token, device code, and the pages between (A1.8, L1.9, L16.1 to 5).

Shape   SignIn(identity, knobs, base).handle(Raw) -> Reply; every tenant has the same paths
Answer  as the request's response_mode wants it: form_post, query or fragment
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.emulators.graph import pages
from tests.emulators.graph.aadsts import Refused
from tests.emulators.graph.grants import packed
from tests.emulators.graph.identity import RESERVED, Identity
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.wire import Raw, Reply
from tests.emulators.graph.world import Mailbox

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}


class SignIn:
    def __init__(self, identity: Identity, knobs: Knobs) -> None:
        self.identity, self.knobs = identity, knobs
        self.base = ""  # set when the port is known
        self.tickets: dict[str, tuple[str, dict[str, str]]] = {}
        self.log: list[tuple[str, str, int]] = []
        self.leaks: list[str] = []  # Graph requests that came here with a token
        self.down = 0  # so many answers are `down_status`
        self.down_status, self.down_wait = 503, "1"

    def handle(self, raw: Raw) -> Reply:
        with self.identity.lock:
            reply = self._route(raw)
        if self.knobs.consent == "silent" and "authorize" in raw.target:
            time.sleep(0.05)
        self.log.append((raw.method, urlsplit(raw.target).path, reply.status))
        return reply

    def _route(self, raw: Raw) -> Reply:
        path = raw.path
        if "authorization" in raw.headers:
            self.leaks.append(raw.target)
        if self.down:
            self.down -= 1
            headers = {"Content-Type": "text/plain", "Retry-After": self.down_wait}
            return Reply(self.down_status, b"The service is unavailable.", headers)
        match raw.method, path:
            case "GET", [tenant, "v2.0", ".well-known", "openid-configuration"] | [
                tenant,
                ".well-known",
                "openid-configuration",
            ]:
                return _json(200, self._discovery(tenant))
            case "GET", [_, "discovery", "instance"]:
                return _json(200, self._instance())
            case "GET", [_, "discovery", "v2.0", "keys"]:
                return _json(200, {"keys": []})
            case "GET", [tenant, "oauth2", "v2.0", "authorize"]:
                return self._authorize(tenant, raw.query)
            case "POST", [tenant, "consent"]:
                return self._consented(tenant, raw.form())
            case "POST", [tenant, "oauth2", "v2.0", "devicecode"]:
                return self._told(lambda: self._device(tenant, raw.form()))
            case "POST", [tenant, "oauth2", "v2.0", "token"]:
                return self._told(lambda: self._token(tenant, raw.form()))
            case "GET", ["devicelogin"]:
                accounts = (box.user.address for box in self.identity.world.mailboxes)
                return Reply(200, pages.device("/devicelogin", raw.query.get("code", ""), accounts), dict(HTML))
            case "POST", ["devicelogin"]:
                return self._device_page(raw.form())
            case "GET", [_, "oauth2", "v2.0", "logout"]:
                return Reply(200, pages.page("You signed out", ""), dict(HTML))
        return Reply(404, pages.page("Not found", ""), dict(HTML))

    def _told(self, act: Any) -> Reply:
        try:
            return _json(200, act())
        except Refused as no:
            return _json(no.status, no.json(self.identity.world.clock.now()))

    def _discovery(self, tenant: str) -> dict[str, Any]:
        stem = f"{self.base}/{tenant}/oauth2/v2.0"
        return {
            "issuer": f"{self.base}/{tenant}/v2.0",
            "authorization_endpoint": f"{stem}/authorize",
            "token_endpoint": f"{stem}/token",
            "device_authorization_endpoint": f"{stem}/devicecode",
            "end_session_endpoint": f"{stem}/logout",
            "jwks_uri": f"{self.base}/{tenant}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "response_types_supported": ["code", "id_token"],
            "scopes_supported": sorted(RESERVED),
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "cloud_instance_name": "microsoftonline.com",
            "tenant_region_scope": None,
            "msgraph_host": "graph.microsoft.com",
        }

    def _instance(self) -> dict[str, Any]:
        host = urlsplit(self.base).netloc
        return {
            "tenant_discovery_endpoint": f"{self.base}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }

    # -- the browser ---------------------------------------------------------------------------------------------------

    def _authorize(self, tenant: str, given: dict[str, str]) -> Reply:
        """Errors in client or redirect show a page; all others go back to the program (RFC 6749, 4.1.2.1)."""
        try:
            self.identity.check_client(given.get("client_id", ""), tenant)
            self.identity.check_redirect(given.get("redirect_uri", ""))
        except Refused as no:
            return Reply(
                400,
                pages.page("Sorry, but we’re having trouble signing you in.", f"<p>{no.description}</p>"),
                dict(HTML),
            )
        try:
            if given.get("response_type") != "code" or given.get("code_challenge_method") != "S256":
                raise Refused(9002325)
            if not given.get("code_challenge") or not given.get("state"):
                raise Refused(90014)
            self.identity.check_scopes(given.get("scope", ""), personal=False)
            self.identity.check_armed("authorize")
            box = self.identity.signing_in(given.get("login_hint", ""))
            if self.knobs.consent in ("deny", "admin"):
                raise Refused(65004 if self.knobs.consent == "deny" else 90094)
            if self.knobs.consent == "auto":
                return self._granted(tenant, box, given)
        except Refused as no:
            return self._back(given, {"error": no.error, "error_description": no.description})
        if self.knobs.consent == "silent":
            return Reply(200, pages.page("One moment", ""), dict(HTML))
        ticket = secrets.token_urlsafe(16)
        self.tickets[ticket] = (tenant, given)
        accounts = [one.user.address for one in self.identity.world.mailboxes]
        scopes = [one for one in given.get("scope", "").split() if one not in RESERVED]
        return Reply(200, pages.consent(f"/{tenant}/consent", ticket, accounts, box.user.address, scopes), dict(HTML))

    def _consented(self, tenant: str, form: dict[str, str]) -> Reply:
        found = self.tickets.pop(form.get("ticket", ""), None)
        if found is None:
            return Reply(400, pages.page("This page is no longer valid.", ""), dict(HTML))
        given = found[1]
        if form.get("do") != "allow":
            no = Refused(65004)
            return self._back(given, {"error": no.error, "error_description": no.description})
        box = self.identity.world.mailbox(self.knobs.sign_in_as or form.get("account", ""))
        try:
            return self._granted(tenant, box or self.identity.world.mailboxes[0], given)
        except Refused as no:
            return self._back(given, {"error": no.error, "error_description": no.description})

    def _granted(self, tenant: str, box: Mailbox, given: dict[str, str]) -> Reply:
        self.identity.check_account(box, tenant)
        code = self.identity.new_code(box, given)
        info = packed({"uid": box.user.oid, "utid": box.user.tid})
        return self._back(given, {"code": code, "client_info": info, "session_state": secrets.token_hex(8)})

    def _back(self, given: dict[str, str], fields: dict[str, str]) -> Reply:
        state = "another-state" if self.knobs.wrong_state else given.get("state", "")
        fields = {**fields, "state": state}
        target, mode = given["redirect_uri"], given.get("response_mode", "query")
        if mode == "form_post":
            return Reply(200, pages.form_post(target, fields), dict(HTML))
        mark = "#" if mode == "fragment" else "&" if "?" in target else "?"
        return Reply(302, b"", {"Location": f"{target}{mark}{urlencode(fields)}"})

    # -- the back channel ----------------------------------------------------------------------------------------------

    def _token(self, tenant: str, form: dict[str, str]) -> dict[str, Any]:
        kind = form.get("grant_type", "")
        self.identity.check_client(form.get("client_id", ""), tenant)
        self.identity.check_armed(kind)
        if kind == "authorization_code":
            return self.identity.redeem_code(form)
        if kind == "refresh_token":
            return self.identity.redeem_refresh(form)
        if kind == DEVICE_GRANT:
            return self.identity.redeem_device(form)
        raise Refused(90014)

    def _device(self, tenant: str, form: dict[str, str]) -> dict[str, Any]:
        self.identity.check_client(form.get("client_id", ""), tenant)
        self.identity.check_armed("devicecode")
        made = self.identity.new_device(form.get("scope", ""))
        place = f"{self.base}/devicelogin"
        code = made["user_code"]
        text = f"To sign in, use a web browser to open the page {place} and enter the code {code} to authenticate."
        return {**made, "verification_uri": place, "message": text}

    def _device_page(self, form: dict[str, str]) -> Reply:
        grant = self.identity.devices.get(form.get("user_code", "").strip().upper())
        if grant is None:
            return Reply(200, pages.page("That code didn't work.", ""), dict(HTML))
        if form.get("do") != "allow":
            grant.state = "declined"
            return Reply(200, pages.page("You declined.", ""), dict(HTML))
        grant.mailbox = self.identity.world.mailbox(self.knobs.sign_in_as or form.get("account", ""))
        grant.state = "approved"
        return Reply(200, pages.page("You have signed in. You may now close this window.", ""), dict(HTML))


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(
        status,
        json.dumps(body).encode(),
        {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"},
    )
