"""Tokens of the Graph emulator: refreshing, device codes, claims. Each test cites its items."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest

from tests.emulators.graph import ANN, Running, graph_emulator
from tests.emulators.graph.aadsts import REFUSALS
from tests.emulators.graph.client import Api, refusal
from tests.emulators.graph.person import BOB, SCOPES, Browser, app, ask_token, authorize, no_other_trust, sign_in


@pytest.fixture(autouse=True)
def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    no_other_trust(monkeypatch)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda g, **settings: Browser(g, **settings).install(monkeypatch)


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
        told = ask_token(
            g, grant_type="refresh_token", refresh_token=first, scope="Calendars.ReadWrite offline_access"
        ).json()
        assert told["refresh_token"] != first
        assert "access_token" in ask_token(g, grant_type="refresh_token", refresh_token=first).json()
        g.change(knobs={"old_refresh_token": "refused"})
        assert ask_token(g, grant_type="refresh_token", refresh_token=first).json()["error_codes"] == [70000]
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
        assert ask_token(g, grant_type="refresh_token", refresh_token=token).json()["error_codes"] == [700082]


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_of_the_table_on_demand(code: int) -> None:
    """L16.5, A9.3"""
    with graph_emulator() as g:
        g.change(refuse=[{"code": code, "grant": "refresh_token"}])
        token = g.refresh_token()
        answer = ask_token(g, grant_type="refresh_token", refresh_token=token)
        told = answer.json()
        assert answer.status_code == {7000218: 401, 90024: 503, 90033: 503}.get(code, 400)
        assert told["error_codes"] == [code] and told["error_description"].startswith(f"AADSTS{code}: ")
        assert {"correlation_id", "trace_id", "timestamp", "error_uri"} <= told.keys()
        assert ("claims" in told) == (told["error"] == "interaction_required")
        assert "access_token" in ask_token(g, grant_type="refresh_token", refresh_token=token).json()


def test_the_authority_may_be_down_for_a_moment() -> None:
    """L16.5"""
    with graph_emulator() as g:
        for status, wait in ((503, "1"), (429, "30")):
            g.change(authority_down={"status": status, "retry_after": wait})
            answer = ask_token(g, grant_type="refresh_token", refresh_token=g.refresh_token())
            assert (answer.status_code, answer.headers["retry-after"]) == (status, wait)


# -- device codes ------------------------------------------------------------------------------------------------------


def test_a_device_code_waits_slows_down_and_succeeds() -> None:
    """L16.4, A9.5"""
    with graph_emulator(auto_consent=True, device_pending=2, device_slow_down=1) as g:
        flow = app(g).initiate_device_flow(SCOPES)
        assert flow["verification_uri"] == f"{g.login.url}/devicelogin" and flow["user_code"] in flow["message"]
        ask = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": flow["device_code"]}
        said = [ask_token(g, **ask).json().get("error") for _ in range(4)]
        assert said == ["slow_down", "authorization_pending", "authorization_pending", None]
        assert ask_token(g, **ask).json()["error"] == "expired_token"
        assert ask_token(g, **ask | {"device_code": "other"}).json()["error"] == "bad_verification_code"


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
        answer = authorize(g, scope="Calendars.ReadWrite.Shared")
        assert "AADSTS650053" in parse_qs(urlsplit(answer.headers["location"]).query)["error_description"][0]
