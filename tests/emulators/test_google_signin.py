"""Transport and sign-in of the Google emulator: facts section 13, items 1 to 6, and section 1."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.emulators.google import CALENDAR_SCOPE, ME, SCOPE, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, timed
from tests.emulators.google.emulator import CLIENT
from tests.emulators.oauth_tokens import DAY_S, Policy, Refused

YOU = "you@example.test"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
REDIRECT = "http://127.0.0.1:12345/"
EVENTS, LIST_READ = SCOPE + "calendar.events", SCOPE + "calendar.calendarlist.readonly"


@pytest.fixture
def g() -> Iterator[GoogleEmulator]:
    with google_emulator(accounts=[ME, YOU], auto_consent=True) as emulator:
        yield emulator
        assert emulator.problems == []


def authorize(g: GoogleEmulator, **more: str) -> httpx.Response:
    params = {"response_type": "code", "client_id": CLIENT.id, "redirect_uri": REDIRECT, "state": "s1",
              "scope": f"{EVENTS} {LIST_READ}", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
              "access_type": "offline", **more}
    return httpx.get(g.auth_url, params={name: value for name, value in params.items() if value})


def answered(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


def exchange(g: GoogleEmulator, code: str, **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER,
            "client_id": CLIENT.id, "client_secret": CLIENT.secret, **more}
    return httpx.post(g.token_url, data={name: value for name, value in form.items() if value})


def sign_in(g: GoogleEmulator, **more: str) -> dict[str, Any]:
    told: dict[str, Any] = exchange(g, answered(authorize(g, **more))["code"]).json()
    return told


def refresh(g: GoogleEmulator, token: str, **more: str) -> httpx.Response:
    return httpx.post(g.token_url, data={"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT.id,
                                         "client_secret": CLIENT.secret, **more})


def api(g: GoogleEmulator, path: str, token: str) -> httpx.Response:
    return httpx.get(f"{g.api_url}/{path}", headers={"Authorization": f"Bearer {token}"} if token else {})


def reason(response: httpx.Response) -> str:
    return str(response.json()["error"]["errors"][0]["reason"])


# -- item 1 ------------------------------------------------------------------------------------------------------------


def test_item_1_no_token_and_a_wrong_token(g: GoogleEmulator) -> None:
    missing, wrong = api(g, "users/me/calendarList", ""), api(g, "users/me/calendarList", "ya29.nobody")
    assert (missing.status_code, reason(missing)) == (401, "required")
    assert (wrong.status_code, reason(wrong)) == (401, "authError")


def test_item_1_a_code_becomes_tokens_once(g: GoogleEmulator) -> None:
    back = answered(authorize(g))
    assert back["state"] == "s1"
    assert set(back["scope"].split()) == {EVENTS, LIST_READ}
    told = exchange(g, back["code"]).json()
    assert (told["expires_in"], told["token_type"]) == (3599, "Bearer")
    assert api(g, "users/me/calendarList/primary", told["access_token"]).json()["id"] == ME
    again = exchange(g, back["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_item_1_credentials_come_as_basic_or_in_the_body(g: GoogleEmulator) -> None:
    code = answered(authorize(g))["code"]
    basic = httpx.post(g.token_url, auth=(CLIENT.id, CLIENT.secret), data={
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER})
    assert basic.status_code == 200
    wrong = refresh(g, basic.json()["refresh_token"], client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("change", [{"code_verifier": "w" * 50}, {"code_verifier": ""}, {"code_verifier": "short"}])
def test_item_1_pkce_is_verified(g: GoogleEmulator, change: dict[str, str]) -> None:
    refused = exchange(g, answered(authorize(g))["code"], **change)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_item_1_a_code_is_for_one_address_and_for_a_short_time(g: GoogleEmulator) -> None:
    other = exchange(g, answered(authorize(g))["code"], redirect_uri="http://127.0.0.1:1/")
    assert other.json()["error"] == "redirect_uri_mismatch"
    code = answered(authorize(g))["code"]
    g.clock.advance(601)
    assert exchange(g, code).json()["error"] == "invalid_grant"


def test_item_1_refresh_answers_without_a_refresh_token(g: GoogleEmulator) -> None:
    told = sign_in(g)
    g.clock.advance(3600)
    assert api(g, "users/me/calendarList", told["access_token"]).status_code == 401
    fresh = refresh(g, told["refresh_token"], scope=f"{EVENTS} {LIST_READ}").json()
    assert "refresh_token" not in fresh
    assert api(g, "users/me/calendarList", fresh["access_token"]).status_code == 200


def test_item_1_refresh_tokens_may_rotate() -> None:
    with google_emulator(auto_consent=True, policy=Policy(rotates=True)) as g:
        old = sign_in(g)["refresh_token"]
        new = refresh(g, old).json()["refresh_token"]
        assert new != old
        assert refresh(g, old).json()["error"] == "invalid_grant"
        assert refresh(g, new).status_code == 200


# -- section 1.3: the page, scopes, consent ----------------------------------------------------------------------------


def test_a_refresh_token_comes_on_the_first_consent_or_when_forced(g: GoogleEmulator) -> None:
    assert "refresh_token" in sign_in(g)
    assert "refresh_token" not in sign_in(g)
    assert "refresh_token" in sign_in(g, prompt="consent")
    assert "refresh_token" not in sign_in(g, login_hint=YOU, access_type="online")


def test_the_person_may_refuse_or_untick(g: GoogleEmulator) -> None:
    g.oauth.auto_denies = True
    assert answered(authorize(g)) == {"error": "access_denied", "state": "s1"}
    g.oauth.auto_denies, g.oauth.auto_scopes = False, frozenset({EVENTS})
    told = sign_in(g)
    assert told["scope"] == EVENTS
    refused = api(g, "users/me/calendarList", told["access_token"])
    assert (refused.status_code, reason(refused)) == (403, "insufficientPermissions")
    assert refused.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_incremental_scopes(g: GoogleEmulator) -> None:
    sign_in(g, scope=EVENTS)
    told = sign_in(g, scope=LIST_READ, include_granted_scopes="true")
    assert set(told["scope"].split()) == {EVENTS, LIST_READ}
    assert sign_in(g, scope=LIST_READ)["scope"] == LIST_READ


def test_several_accounts_side_by_side(g: GoogleEmulator) -> None:
    mine, yours = sign_in(g), sign_in(g, login_hint=YOU)
    names = [api(g, "users/me/calendarList/primary", told["access_token"]).json()["id"] for told in (mine, yours)]
    assert names == [ME, YOU]


@pytest.mark.parametrize(("change", "status", "error"), [
    ({"client_id": "unknown"}, 401, "invalid_client"), ({"scope": SCOPE + "drive"}, 400, "invalid_scope"),
    ({"redirect_uri": "https://example.test/"}, 400, "redirect_uri_mismatch"),
    ({"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}, 400, "redirect_uri_mismatch"),
    ({"response_type": "token"}, 400, "unsupported_response_type"),
    ({"code_challenge_method": "plain"}, 400, "invalid_request"),
])
def test_what_cannot_be_authorized_is_shown_to_the_person(
    g: GoogleEmulator, change: dict[str, str], status: int, error: str
) -> None:
    page = authorize(g, **change)
    assert page.status_code == status
    assert error in page.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_any_port_of_the_loopback_is_allowed(g: GoogleEmulator, host: str) -> None:
    assert authorize(g, redirect_uri=f"http://{host}:8765/callback").status_code == 302


def test_authorization_without_pkce_or_state_is_noted() -> None:
    with google_emulator(auto_consent=True) as g:
        authorize(g, code_challenge="", code_challenge_method="", state="")
        assert g.problems == ["authorization without PKCE", "authorization without state"]


def test_who_is_signed_in_is_told_only_with_an_email_scope(g: GoogleEmulator) -> None:
    plain = sign_in(g)
    info = httpx.get(g.root_url + "/tokeninfo", params={"access_token": plain["access_token"]}).json()
    assert "email" not in info
    assert set(info["scope"].split()) == {EVENTS, LIST_READ}
    named = sign_in(g, scope=f"openid email {EVENTS}")
    assert named["id_token"].count(".") == 2
    user = httpx.get(g.root_url + "/userinfo", headers={"Authorization": f"Bearer {named['access_token']}"}).json()
    assert user["email"] == ME


# -- section 1.7: how refresh tokens die -------------------------------------------------------------------------------


def test_dies_after_seven_days_of_testing() -> None:
    with google_emulator(auto_consent=True, policy=Policy(refresh_life_s=7 * DAY_S)) as g:
        token = sign_in(g)["refresh_token"]
        g.clock.advance(6.9 * DAY_S)
        assert refresh(g, token).status_code == 200
        g.clock.advance(0.2 * DAY_S)
        assert refresh(g, token).json() == {
            "error": "invalid_grant", "error_description": "Token has been expired or revoked."}


def test_dies_after_six_months_unused(g: GoogleEmulator) -> None:
    token = sign_in(g)["refresh_token"]
    for _ in range(3):
        g.clock.advance(180 * DAY_S)
        assert refresh(g, token).status_code == 200
    g.clock.advance(183 * DAY_S)
    assert refresh(g, token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_kills_both(g: GoogleEmulator, kind: str) -> None:
    told = sign_in(g)
    assert httpx.post(g.revoke_url, data={"token": told[kind]}).status_code == 200
    assert refresh(g, told["refresh_token"]).json()["error"] == "invalid_grant"
    assert api(g, "users/me/calendarList", told["access_token"]).status_code == 401
    assert httpx.post(g.revoke_url, data={"token": "unknown"}).json()["error"] == "invalid_token"


def test_the_oldest_of_too_many_dies_without_notice(g: GoogleEmulator) -> None:
    first = sign_in(g)["refresh_token"]
    for _ in range(99):
        g.refresh_token(ME)
    assert refresh(g, first).status_code == 200
    g.refresh_token(ME)
    assert refresh(g, first).json()["error"] == "invalid_grant"


def test_an_administrator_may_demand_a_new_sign_in(g: GoogleEmulator) -> None:
    token = sign_in(g)["refresh_token"]
    g.control.on_expire_refresh_tokens(why="policy", subtype="invalid_rapt")
    assert refresh(g, token).json()["error_subtype"] == "invalid_rapt"


def test_the_token_end_point_may_be_down(g: GoogleEmulator) -> None:
    token = sign_in(g)["refresh_token"]
    g.oauth.token_faults.append(Refused("temporarily_unavailable", "try later", 503))
    assert refresh(g, token).status_code == 503
    assert refresh(g, token).status_code == 200
    assert refresh(g, token, scope=SCOPE + "calendar").json()["error"] == "invalid_scope"
    assert refresh(g, "nonsense").json()["error"] == "invalid_grant"


# -- items 2 to 6 ------------------------------------------------------------------------------------------------------


def test_item_2_scopes_are_checked_per_method(g: GoogleEmulator) -> None:
    with Client(g, scopes=[EVENTS]) as client:
        event = client.insert(timed("x")).json["id"]
        assert client.list().status == 200
        for path in ("users/me/calendarList", "colors", "calendars/primary", "users/me/settings"):
            assert client.ask("GET", path).reason == "insufficientPermissions"
    with Client(g, scopes=[SCOPE + "calendar.events.readonly"]) as client:
        assert client.get(event).status == 200
        assert client.patch(event, {"summary": "y"}).reason == "insufficientPermissions"
    with Client(g, scopes=[LIST_READ]) as client:
        assert client.ask("GET", "users/me/calendarList").status == 200
        assert client.list().status == 403


def test_item_2_some_scopes_reach_only_some_calendars(g: GoogleEmulator) -> None:
    g.world.share(YOU, ME, "writer")
    with Client(g, scopes=[SCOPE + "calendar.events.owned"]) as client:
        assert client.list(ME).status == 200
        assert client.list(YOU).status == 404
    with Client(g, scopes=[SCOPE + "calendar.app.created"]) as client:
        assert client.list(ME).status == 404
        made = client.ask("POST", "calendars", {"summary": "mine"}).json["id"]
        assert client.insert(timed("x"), made).status == 200
        path = f"{client.url('abcde', made)}/move"
        assert client.ask("POST", path, destination=made).reason == "insufficientPermissions"


def test_item_3_calendar_ids_are_quoted_and_primary_is_an_alias(g: GoogleEmulator) -> None:
    holidays = g.world.add_calendar(ME, "Holidays", calendar_id="de.german#holiday@group.v.calendar.google.com",
                                    kind="holiday", role="reader")
    with Client(g) as client:
        quoted = "calendars/de.german%23holiday%40group.v.calendar.google.com"
        assert client.ask("GET", quoted).json["id"] == holidays.id
        assert client.insert(timed("x"), holidays.id).status == 403
        event = client.insert(timed("x")).json["id"]
        assert client.ask("GET", f"calendars/primary/events/{event}").status == 200
        assert client.ask("GET", f"calendars/me%40example.test/events/{event}").status == 200
        missing = client.list("nobody@example.test")
        assert (missing.status, missing.reason) == (404, "notFound")


def test_item_4_insert_is_200_and_delete_204_without_a_body(g: GoogleEmulator) -> None:
    with Client(g) as client:
        made = client.insert(timed("x"))
        assert made.status == 200
        gone = client.delete(made.json["id"])
        assert (gone.status, gone.text) == (204, "")


def test_item_5_ill_typed_parameters_are_400() -> None:
    with google_emulator() as g, Client(g) as client:
        assert client.ask("GET", "calendars/primary/events", maxResults="ten").status == 400
        assert len(g.problems) == 1


def test_item_6_the_newer_form_of_errors(g: GoogleEmulator) -> None:
    g.modes.error_form = "new"
    with Client(g) as client:
        error = client.get("neverexisted").json["error"]
        assert (error["status"], error["details"], error["errors"][0]["reason"]) == ("NOT_FOUND", [], "notFound")


def test_partial_answers(g: GoogleEmulator) -> None:
    """Facts 2: a mask without the tokens ends the paging."""
    with Client(g, scopes=[CALENDAR_SCOPE]) as client:
        client.insert(timed("x"))
        page = client.list(fields="items(id,start/dateTime)").json
        assert set(page) == {"items"}
        assert set(page["items"][0]) == {"id", "start"}
        assert set(page["items"][0]["start"]) == {"dateTime"}
        assert client.list(fields="items(id").status == 400


def test_compression_needs_both_headers(g: GoogleEmulator) -> None:
    """Facts 2."""
    with Client(g) as client:
        for number in range(10):
            client.insert(timed(f"event {number}"))
        assert client.list().headers["content-encoding"] == "gzip"
        assert "content-encoding" not in client.ask(
            "GET", client.url(), headers={"User-Agent": "plain"}).headers
