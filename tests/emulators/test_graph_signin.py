"""The sign-in side of the Graph emulator, mostly through MSAL itself. Each test cites its items."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msal
import pytest

from tests.cli import chromium
from tests.emulators.graph import CONSUMERS, TENANT, Running, User, graph_emulator
from tests.emulators.graph.client import Api, refusal

SCOPES = ["Calendars.ReadWrite", "User.Read"]
BOB = User("bob@outlook.example", "Bob", "00000000-0000-0000-0001-0123456789ab", CONSUMERS, personal=True)
ANN = User("ann@contoso.example", "Ann", "11111111-aaaa-4aaa-8aaa-000000000001", TENANT)


def app(g: Running, **more: Any) -> msal.PublicClientApplication:
    settings = {"authority": g.authority, "client_id": g.client_id, "verify": str(g.ca_file), **more}
    return msal.PublicClientApplication(instance_discovery=False, http_cache={}, **settings)


@pytest.fixture(autouse=True)
def no_other_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers the bundle of the environment to the `verify` that MSAL sets on its session."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


class Browser:
    """A person's browser without scripts: opens the page, presses a button, carries the form to where it should go."""

    def __init__(self, g: Running, press: str = "allow", account: str = "") -> None:
        self.g, self.press, self.account = g, press, account
        self.seen: list[httpx.Response] = []
        self.web = httpx.Client(verify=g.client_context(), trust_env=False)

    def open(self, url: str, *_: Any, **__: Any) -> bool:
        threading.Thread(target=self.visit, args=(url,), daemon=True).start()
        return True

    def visit(self, url: str) -> httpx.Response:
        answer = self.web.get(url)
        for _ in range(3):
            self.seen.append(answer)
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            if not action:
                break
            fields = dict(re.findall(r'<input type=hidden name="([^"]+)" value="([^"]*)"', answer.text))
            if "/consent" in action[1]:
                chosen = re.search(r"<option selected>([^<]+)", answer.text)
                fields |= {"do": self.press, "account": self.account or (chosen[1] if chosen else "")}
            answer = self.web.post(str(answer.url.join(action[1].replace("&amp;", "&"))), data=fields)
        return answer


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(g: Running, **settings: Any) -> Browser:
        made = Browser(g, **settings)
        monkeypatch.setattr("webbrowser.open", made.open)
        return made

    return install


def sign_in(g: Running, client: msal.PublicClientApplication | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (client or app(g)).acquire_token_interactive(SCOPES, timeout=10, **more)
    return found


# -- discovery and the browser -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenant", ["common", "consumers", "organizations", TENANT])
def test_discovery_answers_for_every_tenant_over_tls(tenant: str) -> None:
    """L16.1, A9.1"""
    with graph_emulator() as g:
        with httpx.Client(verify=g.client_context(), trust_env=False) as web:
            told = web.get(f"{g.login.url}/{tenant}/v2.0/.well-known/openid-configuration").json()
            assert web.get(f"{g.login.url}/common/discovery/instance").json()["tenant_discovery_endpoint"]
        for key in ("issuer", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint"):
            assert told[key].startswith(f"{g.login.url}/{tenant}/")
        with pytest.raises(httpx.ConnectError, match="certificate"):
            httpx.get(f"{g.login.url}/common", trust_env=False)


def test_msal_signs_in_through_the_consent_page(browser: Any) -> None:
    """L16.1, L16.2, L16.3, A9.1"""
    with graph_emulator() as g:
        person = browser(g)
        told = sign_in(g, prompt="select_account")
        assert told["token_source"] == "identity_provider", told
        assert told["scope"] == "Calendars.ReadWrite User.Read openid profile"
        claims = told["id_token_claims"]
        assert (claims["preferred_username"], claims["aud"], claims["tid"]) == (ANN.address, g.client_id, TENANT)
        assert "Calendars.ReadWrite" in person.seen[0].text and 'id=allow' in person.seen[0].text
        asked = parse_qs(urlsplit(str(person.seen[0].url)).query)
        assert asked["response_mode"] == ["form_post"] and asked["code_challenge_method"] == ["S256"]
        with Api(g, token=told["access_token"]) as api:
            assert api.get("me").json()["mail"] == ANN.address


def test_nothing_of_a_sign_in_reaches_the_real_authority(browser: Any) -> None:
    """A9.1: without instance discovery only the emulator is asked."""
    with graph_emulator(auto_consent=True) as g:
        browser(g)
        assert "access_token" in sign_in(g)
        paths = [path for _, path, _ in g.state()["sign_in_log"]]
        assert paths == ["/common/v2.0/.well-known/openid-configuration", "/common/oauth2/v2.0/authorize",
                         "/common/oauth2/v2.0/token"]


@pytest.mark.parametrize(("knob", "code"), [("deny", 65004), ("admin", 90094)])
def test_consent_may_be_refused(browser: Any, knob: str, code: int) -> None:
    """L16.2, A9.3"""
    with graph_emulator(consent=knob) as g:
        browser(g)
        told = sign_in(g)
        assert told["error"] == "access_denied" and f"AADSTS{code}" in told["error_description"]


def test_a_person_may_press_cancel(browser: Any) -> None:
    """L16.2, A9.3"""
    with graph_emulator() as g:
        browser(g, press="cancel")
        assert sign_in(g)["error"] == "access_denied"


@pytest.mark.parametrize("knobs", [{"consent": "silent"}, {"consent": "auto", "wrong_state": True}])
def test_an_answer_may_never_come_or_be_for_somebody_else(browser: Any, knobs: dict[str, Any]) -> None:
    """L16.2, A9.3"""
    with graph_emulator(**knobs) as g:
        browser(g)
        with pytest.raises(RuntimeError, match="did not complete"):
            app(g).acquire_token_interactive(SCOPES, timeout=2)


def test_another_account_may_sign_in_than_the_one_asked_for(browser: Any) -> None:
    """A9.5"""
    with graph_emulator(users=(ANN, BOB), consent="auto", sign_in_as=BOB.address) as g:
        browser(g)
        assert sign_in(g, login_hint=ANN.address)["id_token_claims"]["oid"] == BOB.oid


def test_work_and_personal_accounts_have_their_tenants(browser: Any) -> None:
    """A9.5"""
    with graph_emulator(users=(ANN, BOB), auto_consent=True) as g:
        browser(g)
        for tenant, user, good in (("consumers", BOB, True), ("organizations", BOB, False), ("consumers", ANN, False),
                                   (TENANT, ANN, True)):
            client = app(g, authority=f"{g.login.url}/{tenant}")
            told = sign_in(g, client, login_hint=user.address)
            assert ("access_token" in told) == good, told
            if good:
                assert client.get_accounts()[0]["home_account_id"] == f"{user.oid}.{user.tid}"
            else:
                assert "AADSTS50020" in told["error_description"]


def test_a_one_tenant_app_is_refused_on_common() -> None:
    """A9.5"""
    with graph_emulator(single_tenant=True) as g:
        assert "AADSTS50194" in _authorize(g).text


@pytest.mark.parametrize(("change", "says"), [
    ({"client_id": "nobody"}, "AADSTS700016"), ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
    ({"redirect_uri": "http://127.0.0.1:4711"}, "AADSTS50011"),
])
def test_wrong_clients_and_redirects_end_on_a_page(change: dict[str, str], says: str) -> None:
    """L16.2"""
    with graph_emulator(auto_consent=True) as g:
        answer = _authorize(g, **change)
        assert answer.status_code == 400 and says in answer.text


def test_pkce_is_not_optional() -> None:
    """L16.2"""
    with graph_emulator(auto_consent=True) as g:
        answer = _authorize(g, code_challenge_method="plain")
        assert "error=invalid_request" in answer.headers["location"]


def _authorize(g: Running, **change: str) -> httpx.Response:
    query = {
        "client_id": g.client_id,
        "response_type": "code",
        "redirect_uri": "http://localhost:4711",
        "state": "s",
        "scope": "User.Read offline_access openid",
        "code_challenge_method": "S256",
        "code_challenge": "x" * 43,
        **change,
    }
    with httpx.Client(verify=g.client_context(), trust_env=False) as web:
        return web.get(f"{g.authority}/oauth2/v2.0/authorize?{urlencode(query)}")


def _token(g: Running, **form: str) -> httpx.Response:
    with httpx.Client(verify=g.client_context(), trust_env=False) as web:
        return web.post(f"{g.authority}/oauth2/v2.0/token", data={"client_id": g.client_id, **form})


def test_a_code_is_good_once_for_its_verifier_and_redirect() -> None:
    """L16.3, A9.1: response_mode=query is obeyed, the nonce comes back, codes are single use"""
    with graph_emulator(auto_consent=True) as g:
        verifier = secrets.token_urlsafe(43)
        mark = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")

        def code() -> str:
            answer = _authorize(g, code_challenge=mark, nonce="n-1")
            return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

        good = {"grant_type": "authorization_code", "code": code(), "code_verifier": verifier,
                "redirect_uri": "http://localhost:4711"}
        told = _token(g, **good).json()
        payload = told["id_token"].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(payload + "=="))["nonce"] == "n-1"
        assert json.loads(base64.urlsafe_b64decode(told["client_info"] + "==")) == {"uid": ANN.oid, "utid": TENANT}
        assert _token(g, **good).json()["error_codes"] == [54005]
        assert _token(g, **good | {"code": code(), "code_verifier": "other"}).json()["error_codes"] == [501481]
        assert _token(g, **good | {"code": code(), "redirect_uri": "http://localhost:1"}).json()["error_codes"] == [
            50011
        ]


@pytest.mark.parametrize(
    ("knobs", "scope"),
    [
        (
            {"scope_form": "long"},
            "https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/User.Read openid profile",
        ),
        ({"scope_missing": ("Calendars.ReadWrite",)}, "User.Read openid profile"),
    ],
)
def test_granted_scopes_may_be_spelt_long_or_be_fewer(browser: Any, knobs: dict[str, Any], scope: str) -> None:
    """L16.3, L16.8"""
    with graph_emulator(auto_consent=True, **knobs) as g:
        browser(g)
        told = sign_in(g)
        assert told["scope"] == scope
        with Api(g, token=told["access_token"]) as api:
            assert api.get("me/calendars").status_code == (200 if "Calendars" in scope else 403)


# -- refreshing --------------------------------------------------------------------------------------------------------


def _signed_in(g: Running, browser: Any, **more: Any) -> tuple[msal.PublicClientApplication, dict[str, Any]]:
    browser(g)
    client = app(g, **more)
    assert "access_token" in sign_in(g, client)
    return client, client.get_accounts()[0]


def test_refresh_tokens_rotate_and_the_old_ones_work_or_do_not(browser: Any) -> None:
    """L16.3, A9.2"""
    with graph_emulator(auto_consent=True) as g:
        client, account = _signed_in(g, browser)
        first = g.refresh_token()
        told = _token(
            g, grant_type="refresh_token", refresh_token=first, scope="Calendars.ReadWrite offline_access"
        ).json()
        assert told["refresh_token"] != first
        assert "access_token" in _token(g, grant_type="refresh_token", refresh_token=first).json()
        g.change(knobs={"old_refresh_token": "refused"})
        assert _token(g, grant_type="refresh_token", refresh_token=first).json()["error_codes"] == [70000]
        assert "access_token" in client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)


def test_refresh_tokens_end_by_idleness_revocation_and_missing_consent(browser: Any) -> None:
    """L16.5, A9.2"""
    with graph_emulator(auto_consent=True) as g:
        client, account = _signed_in(g, browser)
        told = client.acquire_token_silent_with_error(["MailboxSettings.Read"], account)
        assert (told["error_codes"], told["suberror"]) == ([65001], "consent_required")
        g.change(revoke=True)
        told = client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
        assert (told["error"], told["error_codes"]) == ("invalid_grant", [50173])
        token = g.refresh_token()
        g.change(advance_s=91 * 86400)
        assert _token(g, grant_type="refresh_token", refresh_token=token).json()["error_codes"] == [700082]


@pytest.mark.parametrize(
    "code",
    [
        50020,
        50034,
        50053,
        50055,
        50057,
        50058,
        50076,
        50078,
        50079,
        50097,
        50105,
        50126,
        50131,
        50144,
        50158,
        50173,
        50196,
        53000,
        53001,
        53003,
        530003,
        65001,
        70000,
        70008,
        70011,
        70043,
        70044,
        90002,
        90024,
        90033,
        500200,
        700016,
        700082,
        700084,
        7000112,
        7000218,
        9002346,
    ],
)
def test_every_refusal_of_the_table_on_demand(code: int) -> None:
    """L16.5, A9.3"""
    with graph_emulator() as g:
        g.change(refuse=[{"code": code, "grant": "refresh_token"}])
        token = g.refresh_token()
        answer = _token(g, grant_type="refresh_token", refresh_token=token)
        told = answer.json()
        assert answer.status_code == {7000218: 401, 90024: 503, 90033: 503}.get(code, 400)
        assert told["error_codes"] == [code] and told["error_description"].startswith(f"AADSTS{code}: ")
        assert {"correlation_id", "trace_id", "timestamp", "error_uri"} <= told.keys()
        assert ("claims" in told) == (told["error"] == "interaction_required")
        assert "access_token" in _token(g, grant_type="refresh_token", refresh_token=token).json()


def test_the_authority_may_be_down_for_a_moment() -> None:
    """L16.5"""
    with graph_emulator() as g:
        g.emulator.sign_in.down = 1
        answer = _token(g, grant_type="refresh_token", refresh_token=g.refresh_token())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


# -- device codes ------------------------------------------------------------------------------------------------------


def test_a_device_code_waits_slows_down_and_succeeds() -> None:
    """L16.4, A9.5"""
    with graph_emulator(auto_consent=True, device_pending=2, device_slow_down=1) as g:
        flow = app(g).initiate_device_flow(SCOPES)
        assert flow["verification_uri"] == f"{g.login.url}/devicelogin" and flow["user_code"] in flow["message"]
        ask = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": flow["device_code"]}
        said = [_token(g, **ask).json().get("error") for _ in range(4)]
        assert said == ["slow_down", "authorization_pending", "authorization_pending", None]
        assert _token(g, **ask).json()["error"] == "expired_token"
        assert _token(g, **ask | {"device_code": "other"}).json()["error"] == "bad_verification_code"


def test_msal_signs_in_by_device_code_and_the_page() -> None:
    """L16.4, A9.5"""
    with graph_emulator() as g, httpx.Client(verify=g.client_context(), trust_env=False) as web:
        client = app(g)
        flow = client.initiate_device_flow(SCOPES)
        page = web.get(flow["verification_uri"])
        assert "name=user_code" in page.text
        form = {"user_code": flow["user_code"].lower(), "do": "allow", "account": ANN.address}
        assert "signed in" in web.post(flow["verification_uri"], data=form).text
        told = client.acquire_token_by_device_flow(flow)
        assert told["id_token_claims"]["oid"] == ANN.oid
        assert client.get_accounts()[0]["username"] == ANN.address


@pytest.mark.parametrize(("knobs", "error"), [
    ({"device_outcome": "decline"}, "authorization_declined"), ({"device_outcome": "expire"}, "expired_token"),
])
def test_a_device_code_may_be_declined_or_run_out(knobs: dict[str, Any], error: str) -> None:
    """L16.4, A9.5"""
    with graph_emulator(**knobs) as g:
        client = app(g)
        told = client.acquire_token_by_device_flow(client.initiate_device_flow(SCOPES))
        assert told["error"] == error


def test_control_can_approve_and_decline_a_device() -> None:
    """L16.4"""
    with graph_emulator() as g:
        client = app(g)
        flows = [client.initiate_device_flow(SCOPES) for _ in range(2)]
        g.change(device={"user_code": flows[0]["user_code"], "do": "approve"})
        g.change(device={"user_code": flows[1]["user_code"], "do": "decline"})
        assert "access_token" in client.acquire_token_by_device_flow(flows[0])
        assert client.acquire_token_by_device_flow(flows[1])["error"] == "authorization_declined"


# -- tokens at Graph ---------------------------------------------------------------------------------------------------


def test_a_claims_challenge_passes_only_with_a_token_got_with_those_claims(browser: Any) -> None:
    """L16.6, A9.4"""
    with graph_emulator(auto_consent=True) as g:
        client, account = _signed_in(g, browser, client_capabilities=["CP1"])
        g.change(claims=True)
        old = client.acquire_token_silent_with_error(SCOPES, account)["access_token"]
        with Api(g, token=old) as api:
            answer = api.get("me/calendars")
        said = answer.headers["www-authenticate"]
        found = re.search(r'error="insufficient_claims", claims="([^"]+)"', said)
        assert refusal(answer)[0] == 401 and found
        claims = base64.b64decode(found[1]).decode()
        new = client.acquire_token_silent_with_error(SCOPES, account, claims_challenge=claims)["access_token"]
        again = client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)["access_token"]
        for token, status in ((new, 200), (again, 401)):
            with Api(g, token=token) as api:
                assert api.get("me/calendars").status_code == status


def test_a_challenge_may_come_as_403_and_in_the_middle_of_writes() -> None:
    """A9.4"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "claims-403", "once": True, "method": "POST"}])
        answer = api.post("me/events", {})
        assert answer.status_code == 403 and "insufficient_claims" in answer.headers["www-authenticate"]
        assert g.events() == []


def test_access_tokens_expire_by_time_by_use_and_by_order() -> None:
    """L16.7, A9.4"""
    with graph_emulator(access_token_uses=3) as g, Api(g) as api:
        assert [api.get("me").status_code for _ in range(4)] == [200, 200, 200, 401]
        answer = api.get("me")
        assert refusal(answer) == (401, "InvalidAuthenticationToken") and "Bearer" in answer.headers["www-authenticate"]
        g.change(knobs={"access_token_uses": 0})
        with Api(g) as fresh:
            assert fresh.get("me").status_code == 200
            g.change(expire_access_tokens=True)
            assert fresh.get("me").status_code == 401
        with Api(g) as fresh:
            g.change(faults=[{"name": "expire-token", "skip": 1}])
            assert [fresh.get("me").status_code for _ in range(3)] == [200, 401, 401]
        for wrong in ("nonsense", ""):
            with Api(g, token=wrong or "x") as nobody:
                assert nobody.get("me").status_code == 401


def test_tokens_without_the_scope_are_refused() -> None:
    """L16.8"""
    with graph_emulator() as g:
        with Api(g, token=g.token(scopes="User.Read")) as api:
            assert refusal(api.get("me/events")) == (403, "ErrorAccessDenied")
        with Api(g, token=g.token(scopes="Calendars.Read")) as api:
            assert api.get("me/events").status_code == 200
            assert refusal(api.post("me/events", {"subject": "x"})) == (403, "ErrorAccessDenied")


def test_shared_scopes_are_refused_for_personal_accounts() -> None:
    """A9.5: 650053 (L1.6)"""
    with graph_emulator(users=(BOB,), auto_consent=True) as g:
        answer = _authorize(g, scope="Calendars.ReadWrite.Shared")
        assert "AADSTS650053" in parse_qs(urlsplit(answer.headers["location"]).query)["error_description"][0]


# -- a real browser ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _chromium(folder: Path) -> Iterator[chromium.Chromium]:
    page = chromium.Chromium(folder)
    page.call("Page.enable")
    page.call("Security.setIgnoreCertificateErrors", ignore=True)
    try:
        yield page
    finally:
        page.close()


@pytest.mark.skipif(chromium.found() is None, reason="there is no Chromium here")
@pytest.mark.parametrize("press", ["allow", "cancel"])
def test_the_pages_work_in_a_real_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, press: str) -> None:
    """L16.2, A9.1: the page posts the answer to the program by itself"""
    with graph_emulator() as g, _chromium(tmp_path) as page:

        def visit(url: str) -> None:
            page.call("Page.navigate", url=url)
            page.wait(f"!!document.getElementById('{press}')")
            page.run(f"document.getElementById('{press}').click()")

        def browse(url: str, *_: Any, **__: Any) -> bool:
            threading.Thread(target=visit, args=(url,), daemon=True).start()
            return True

        monkeypatch.setattr("webbrowser.open", browse)
        told = app(g).acquire_token_interactive(SCOPES, timeout=40)
        assert ("access_token" in told) == (press == "allow"), told
        assert told.get("error", "access_denied") == "access_denied"
