"""Signing in to the Graph emulator, through MSAL and a real browser. Each test cites its items."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.cli import chromium
from tests.emulators.graph import ANN, TENANT, graph_emulator
from tests.emulators.graph.client import Api
from tests.emulators.graph.person import BOB, SCOPES, Browser, app, ask_token, authorize, no_other_trust, sign_in


@pytest.fixture(autouse=True)
def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    no_other_trust(monkeypatch)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda g, **settings: Browser(g, **settings).install(monkeypatch)


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


def test_an_id_token_may_be_for_another_request(browser: Any) -> None:
    """A9.1: msal compares the nonce (L1.4)"""
    with graph_emulator(auto_consent=True, wrong_nonce=True) as g:
        browser(g)
        with pytest.raises(RuntimeError, match="nonce"):
            sign_in(g)


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
        assert "AADSTS50194" in authorize(g).text


@pytest.mark.parametrize(("change", "says"), [
    ({"client_id": "nobody"}, "AADSTS700016"), ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
    ({"redirect_uri": "http://127.0.0.1:4711"}, "AADSTS50011"),
])
def test_wrong_clients_and_redirects_end_on_a_page(change: dict[str, str], says: str) -> None:
    """L16.2"""
    with graph_emulator(auto_consent=True) as g:
        answer = authorize(g, **change)
        assert answer.status_code == 400 and says in answer.text


def test_pkce_is_not_optional() -> None:
    """L16.2"""
    with graph_emulator(auto_consent=True) as g:
        answer = authorize(g, code_challenge_method="plain")
        assert "error=invalid_request" in answer.headers["location"]


def test_a_code_is_good_once_for_its_verifier_and_redirect() -> None:
    """L16.3, A9.1: response_mode=query is obeyed, the nonce comes back, codes are single use"""
    with graph_emulator(auto_consent=True) as g:
        verifier = secrets.token_urlsafe(43)
        mark = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")

        def code() -> str:
            answer = authorize(g, code_challenge=mark, nonce="n-1")
            return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

        good = {"grant_type": "authorization_code", "code": code(), "code_verifier": verifier,
                "redirect_uri": "http://localhost:4711"}
        told = ask_token(g, **good).json()
        payload = told["id_token"].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(payload + "=="))["nonce"] == "n-1"
        assert json.loads(base64.urlsafe_b64decode(told["client_info"] + "==")) == {"uid": ANN.oid, "utid": TENANT}
        assert ask_token(g, **good).json()["error_codes"] == [54005]
        assert ask_token(g, **good | {"code": code(), "code_verifier": "other"}).json()["error_codes"] == [501481]
        assert ask_token(g, **good | {"code": code(), "redirect_uri": "http://localhost:1"}).json()["error_codes"] == [
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
