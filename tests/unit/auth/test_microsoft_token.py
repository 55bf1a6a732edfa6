"""Tokens between calsync and Microsoft: renewed before they expire, once for all, and never lost (facts 1.4 to 1.7)."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import keyring
import pytest

from calsync_cli.auth.microsoft.application import application
from calsync_cli.auth.microsoft.challenge import both, claims_of
from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.auth.microsoft.refusals import ROWS
from calsync_cli.auth.microsoft.renewal import taken
from calsync_cli.auth.microsoft.token import MicrosoftToken
from calsync_cli.auth.signer import signer, state
from calsync_cli.config.secrets import FileStore, KeyringStore
from calsync_cli.errors import AuthError, CalsyncError, ConfigError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from tests.emulators.graph import ANN
from tests.emulators.graph.aadsts import REFUSALS
from tests.emulators.graph.person import BOB
from tests.emulators.graph.wire import Reply
from tests.unit.auth.microsoft_site import DISCOVERY, TOKEN, Site, microsoft_site, told
from tests.unit.test_secrets import Drawer

HOUR_S = 3600.0
DAY_S = 86400.0


class Desk:
    """An account that signed in a moment ago, and what uses it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.g = site, site.g
        self.slept: list[float] = []
        clock = site.g.emulator.world.clock
        self.ports: Ports = replace(system_ports(), now=clock.now, sleep=self.slept.append)
        self.account = Account(
            "office", "microsoft", client_id=site.g.client_id, api_url=site.g.graph_url, authority=site.g.login.url,
            ca_file=site.g.ca_file,
        )
        self.store: Any = FileStore(folder / "secrets.json", lambda: "key")
        self.keep(self.signed_in())
        self.token = self.another()
        self.before = site.asked()

    def signed_in(self, address: str = ANN.address) -> Grant:
        """As after a sign-in by a code."""
        self.g.change(knobs={"device_outcome": "approve", "device_pending": 0, "sign_in_as": address})
        with application(self.account, self.g.client_id, self.ports) as app:
            answer = app.poll(app.code(None), None)
            cache, home = app.cache(), app.accounts()[0]["home_account_id"]
        now = self.ports.now()
        assert answer is not None and cache is not None
        blank = Grant(self.g.client_id, home, cache, Secret(""), frozenset(), now, now, now)
        return taken(blank, answer, self.account, self.ports)

    def another(self, **changes: object) -> MicrosoftToken:
        """As another process of the same user would have it."""
        return MicrosoftToken(replace(self.account, **changes), lambda: self.store, self.ports)  # type: ignore[arg-type]

    def keep(self, grant: Grant) -> None:
        self.store.set("office", grant.to_secret())

    @property
    def kept(self) -> Grant:
        found = parse(self.store.get("office"))
        assert found is not None
        return found

    @property
    def renewals(self) -> int:
        return self.site.asked() - self.before

    def later(self, seconds: float) -> None:
        self.g.change(advance_s=seconds)

    def get(self, token: httpx.Auth | None = None, method: str = "GET", path: str = "/me/calendars") -> httpx.Response:
        with httpx.Client(verify=self.g.client_context(), trust_env=False) as client:
            return client.request(method, self.g.graph_url + path, auth=token or self.token)

    def names(self, token: httpx.Auth | None = None) -> list[str]:
        response = self.get(token)
        assert response.status_code == 200, response.text
        return [row["name"] for row in response.json()["value"]]

    def refused(self, kind: type[CalsyncError] = AuthError) -> CalsyncError:
        with pytest.raises(kind) as err:
            self.names()
        assert not any(secret in str(err.value) for secret in self.site.secrets())
        return err.value

    def statuses(self) -> list[int]:
        return [one["status"] for one in self.g.emulator.log]


@pytest.fixture
def site() -> Iterator[Site]:
    with microsoft_site(old_refresh_token="refused") as running:
        yield running


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Desk:
    return Desk(site, tmp_path)


# -- renewing ----------------------------------------------------------------------------------------------------------


def test_a_run_with_a_good_token_asks_the_sign_in_service_nothing(desk: Desk) -> None:
    asked = len(desk.g.emulator.sign_in.log)
    assert desk.names()[0] == "Calendar"
    assert len(desk.g.emulator.sign_in.log) == asked and desk.renewals == 0


def test_a_token_is_renewed_before_it_expires_and_kept_for_the_next_process(desk: Desk) -> None:
    desk.later(HOUR_S - 200)
    first = desk.kept
    assert desk.names() and desk.renewals == 1 and desk.statuses() == [200]
    assert desk.names(desk.another()) and desk.renewals == 1
    assert desk.kept.access_token != first.access_token and desk.kept.signed_in == first.signed_in


def test_a_service_that_gives_short_lives_is_not_asked_before_every_request(desk: Desk) -> None:
    desk.g.change(knobs={"access_token_s": 60.0})
    desk.later(HOUR_S)
    desk.names()
    desk.names()
    assert desk.renewals == 1
    desk.later(58)
    desk.names()
    assert desk.renewals == 2


def test_a_401_renews_once_and_repeats_the_request_once(desk: Desk) -> None:
    desk.g.change(expire_access_tokens=True)
    assert desk.names() and desk.statuses() == [401, 200] and desk.renewals == 1


def test_a_second_401_is_left_to_the_caller_and_not_tried_again(desk: Desk) -> None:
    desk.g.change(faults=[{"name": "expire-token", "times": 0}])
    assert desk.get().status_code == 401
    assert desk.statuses() == [401, 401] and desk.renewals == 1


def test_many_threads_renew_once(desk: Desk) -> None:
    desk.later(2 * HOUR_S)
    found: list[list[str]] = []
    _together(8, lambda: found.append(desk.names()))
    assert len(found) == 8 and desk.renewals == 1


def test_many_threads_with_a_401_renew_once(desk: Desk) -> None:
    desk.names()
    desk.g.change(expire_access_tokens=True)
    found: list[list[str]] = []
    _together(8, lambda: found.append(desk.names()))
    assert len(found) == 8 and desk.renewals == 1


def test_another_process_that_renewed_already_saves_us_from_asking(desk: Desk) -> None:
    ours, theirs = desk.another(), desk.another()
    desk.names(ours)
    desk.names(theirs)
    desk.later(2 * HOUR_S)
    desk.names(theirs)
    desk.names(ours)
    assert desk.renewals == 1


def test_each_refresh_token_that_comes_is_stored_before_its_access_token_is_used(desk: Desk) -> None:
    seen = {desk.kept.cache.reveal()}
    for _ in range(4):
        desk.later(2 * HOUR_S)
        assert desk.token.bearer() == desk.kept.access_token.reveal()
        seen.add(desk.kept.cache.reveal())
        assert desk.names()
    assert len(seen) == 5


def test_a_sign_in_that_is_used_lasts_beyond_ninety_days(desk: Desk) -> None:
    for _ in range(3):
        desk.later(80 * DAY_S)
        assert state(desk.account, desk.store, desk.ports).signed_in
        assert desk.names()
    assert timedelta(days=89) < desk.kept.ends - desk.ports.now() <= timedelta(days=90)


def _together(count: int, call: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- what Graph demands beyond a valid token ---------------------------------------------------------------------------


def test_a_demand_for_claims_is_passed_on_and_the_request_repeated(desk: Desk) -> None:
    desk.g.change(claims=True)
    assert desk.names() and desk.statuses() == [401, 200] and desk.renewals == 1
    assert "nbf" in str(desk.kept.claims)
    assert desk.names(desk.another()) and desk.renewals == 1


@pytest.mark.parametrize("name", ["claims", "claims-403"])
def test_a_demand_in_the_middle_of_a_write_repeats_it_once(desk: Desk, name: str) -> None:
    desk.g.change(faults=[{"name": name, "method": "POST"}])
    with httpx.Client(verify=desk.g.client_context(), trust_env=False) as client:
        made = client.post(f"{desk.g.graph_url}/me/calendars", json={"name": "New"}, auth=desk.token)
    assert made.status_code == 201 and desk.names().count("New") == 1 and desk.renewals == 1


def test_a_token_that_has_expired_and_lacks_claims_is_mended_in_both_ways(desk: Desk) -> None:
    desk.g.change(expire_access_tokens=True, claims=True)
    assert desk.names() and desk.statuses() == [401, 401, 200] and desk.renewals == 2


def test_a_token_with_claims_that_is_refused_is_renewed_with_the_same_claims(desk: Desk) -> None:
    desk.g.change(claims=True, faults=[{"name": "expire-token", "skip": 1}])
    assert desk.names() and desk.statuses() == [401, 401, 200] and desk.renewals == 2


def test_a_demand_that_never_ends_is_left_to_the_caller(desk: Desk) -> None:
    desk.g.change(faults=[{"name": "claims", "times": 0}])
    assert desk.get().status_code == 401 and desk.statuses() == [401, 401] and desk.renewals == 1


def test_threads_and_processes_that_are_all_asked_for_claims_renew_once(desk: Desk) -> None:
    other = desk.another()
    desk.names()
    desk.names(other)
    desk.g.change(claims=True)
    found: list[list[str]] = []
    _together(6, lambda: found.append(desk.names()))
    _together(6, lambda: found.append(desk.names(other)))
    assert len(found) == 12 and desk.renewals == 1


def test_a_token_of_another_process_without_the_claims_is_not_enough(desk: Desk) -> None:
    desk.names()
    desk.g.change(claims=True)
    now = desk.ports.now()
    plain = replace(desk.kept, access_token=Secret(desk.g.token()), obtained=now, expires=now + timedelta(hours=1))
    desk.keep(plain)
    assert desk.names() and desk.renewals == 1


def test_claims_that_only_a_person_can_meet_are_kept_for_the_next_sign_in(desk: Desk) -> None:
    desk.g.change(claims=True, refuse=[{"code": 53003, "grant": "refresh_token", "times": 0}])
    err = desk.refused()
    assert "conditional access" in str(err) and err.next == "calsync login office"
    assert desk.kept.wanted is not None and "nbf" in desk.kept.wanted
    before = desk.renewals
    assert str(desk.refused()) == str(err) and desk.renewals == before
    problem = state(desk.account, desk.store, desk.ports).problem
    assert problem is not None and "conditional access" in problem


def _challenge(*headers: str, status: int = 401) -> httpx.Response:
    return httpx.Response(status, headers=[("WWW-Authenticate", header) for header in headers])


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CLAIMS = '{"access_token":{"x":{"value":"?>~ü"}}}'
FOUND = f'Bearer realm="", error="insufficient_claims", claims="{_packed(CLAIMS)}"'


@pytest.mark.parametrize("response", [
    _challenge(FOUND), _challenge(FOUND, status=403), _challenge('Bearer realm="other"', FOUND),
    _challenge(f'Negotiate, {FOUND}, PoP error="x"'), _challenge(FOUND.replace("=\"}", "")),
    _challenge(FOUND.replace(_packed(CLAIMS), base64.urlsafe_b64encode(CLAIMS.encode()).decode().rstrip("="))),
    _challenge(f'Bearer claims="{_packed(CLAIMS)}", error="insufficient_claims"'),
])
def test_claims_are_found_in_any_form_of_the_header(response: httpx.Response) -> None:
    assert claims_of(response) == CLAIMS


@pytest.mark.parametrize("response", [
    _challenge(), _challenge('Bearer realm=""'), _challenge('Bearer error="insufficient_claims"'),
    _challenge(FOUND, status=400), _challenge(FOUND, status=200), _challenge(FOUND.replace("insufficient_", "")),
    *(_challenge(f'Bearer error="insufficient_claims", claims="{raw}"') for raw in (
        "a", "####", _packed("[]"), _packed("3"), _packed("{"), "A" * 9000, base64.b64encode(b"\xff\xff").decode(),
    )),
])
def test_what_is_no_demand_for_claims_is_none(response: httpx.Response) -> None:
    assert claims_of(response) is None


# -- between processes -------------------------------------------------------------------------------------------------

WORKER = """
import sys
from pathlib import Path
import httpx
from calsync_cli.auth.microsoft.token import MicrosoftToken
from calsync_cli.config.secrets import FileStore
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from calsync_cli.providers.http import make_client

file, name, client_id, graph, authority, ca = sys.argv[1:]
account = Account(name, "microsoft", client_id=client_id, api_url=graph, authority=authority, ca_file=Path(ca))
store = FileStore(Path(file), lambda: "key")
token = MicrosoftToken(account, lambda: store, system_ports())
client = make_client(account)
for line in sys.stdin:
    used = MicrosoftToken(account, lambda: store, system_ports()) if line.strip() == "new" else token
    print(client.get(graph + "/me/calendars", auth=used).status_code, flush=True)
"""


class Crowd:
    """Processes that all want a new token at the same moment."""

    def __init__(self, desk: Desk, file: Path, names: list[str]) -> None:
        places = [desk.g.client_id, desk.g.graph_url, desk.g.login.url, str(desk.g.ca_file)]
        self._workers = [
            subprocess.Popen([sys.executable, "-c", WORKER, str(file), name, *places], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
            for name in names
        ]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.communicate(timeout=30)

    def all_ask(self, word: str) -> list[str]:
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.write(word + "\n")
            worker.stdin.flush()
        return [worker.stdout.readline().strip() for worker in self._workers if worker.stdout is not None]


@pytest.mark.parametrize("word", ["same", "new"])
def test_two_processes_that_renew_at_once_never_lose_a_rotated_token(desk: Desk, tmp_path: Path, word: str) -> None:
    """12 rounds; a refresh token that was used is dead at once, so the loss of one would end the test."""
    with Crowd(desk, tmp_path / "secrets.json", ["office", "office"]) as crowd:
        for number in range(12):
            desk.g.change(expire_access_tokens=True)
            assert crowd.all_ask(word) == ["200", "200"], number
            assert desk.renewals == number + 1


def test_accounts_that_renew_at_once_do_not_undo_each_other(desk: Desk, tmp_path: Path) -> None:
    """One file holds the secrets of all accounts; one of them is another person's."""
    for name, address in (("club", BOB.address), ("home", ANN.address)):
        desk.store.set(name, desk.signed_in(address).to_secret())
    with Crowd(desk, tmp_path / "secrets.json", ["office", "club", "home"]) as crowd:
        for number in range(8):
            desk.g.change(expire_access_tokens=True)
            assert crowd.all_ask("same") == ["200"] * 3, number


# -- a store that fails ------------------------------------------------------------------------------------------------


def test_a_renewed_sign_in_that_cannot_be_stored_is_kept_and_stored_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.later(2 * HOUR_S)
    old = desk.kept

    def locked(*_: object) -> None:
        raise AuthError("the keyring is locked", next="calsync doctor")

    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "set", locked)
        err = desk.refused()
        assert "could not be stored, so it is not used" in str(err) and "locked" in str(err)
    assert desk.kept == old and desk.statuses() == []
    assert desk.names() and desk.kept.cache != old.cache and desk.renewals == 1
    desk.later(2 * HOUR_S)
    assert desk.names(desk.another())


def test_a_new_sign_in_goes_before_a_token_that_could_not_be_stored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.later(2 * HOUR_S)
    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "set", lambda *_: (_ for _ in ()).throw(AuthError("locked")))
        desk.refused()
    newer = desk.signed_in()
    desk.keep(newer)
    assert desk.names() and desk.kept.signed_in == newer.signed_in


@pytest.fixture
def drawer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    """A keyring that takes small values only."""
    before, made = keyring.get_keyring(), Drawer()
    keyring.set_keyring(made)
    monkeypatch.setattr("calsync_cli.config.secrets.default_state_dir", lambda: tmp_path / "own")
    yield made
    keyring.set_keyring(before)


def test_a_keyring_keeps_the_sign_in_in_few_pieces_and_all_threads_share_it(desk: Desk, drawer: Drawer) -> None:
    grant, desk.store = desk.kept, KeyringStore()
    desk.keep(grant)
    for _ in range(3):
        desk.later(2 * HOUR_S)
        found: list[list[str]] = []
        _together(6, lambda found=found: found.append(desk.names(desk.another())))  # type: ignore[misc]
        assert len(found) == 6
    assert desk.renewals == 3 and 1 < len(drawer.held) <= 5


def test_nothing_is_stored_twice(desk: Desk) -> None:
    """MSAL's cache alone would hold both tokens and an id token, and indent them (facts 1.4)."""
    text = desk.kept.to_secret().reveal()
    data = json.loads(text)
    assert set(data["cache"]) == {"RefreshToken", "Account", "AppMetadata"} and "id_token" not in text
    assert text.count(desk.kept.access_token.reveal()) == 1 and ": " not in text
    tokens = len(desk.kept.access_token.reveal()) + len(next(iter(data["cache"]["RefreshToken"].values()))["secret"])
    assert len(text) - tokens < 2000


def test_a_value_that_is_just_being_replaced_is_no_missing_sign_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of a keyring may come between two pieces."""
    real, times = FileStore.get, iter([True])

    def torn(store: FileStore, name: str) -> Secret | None:
        return None if next(times, False) else real(store, name)

    monkeypatch.setattr(FileStore, "get", torn)
    assert desk.names()
    times = iter([True])
    assert state(desk.account, desk.store, desk.ports).signed_in


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_an_account_that_never_signed_in_names_the_command(desk: Desk) -> None:
    desk.store.delete("office")
    err = desk.refused()
    assert "not signed in" in str(err) and err.next == "calsync login office" and desk.statuses() == []


JUNK = [
    "hunter2", "{}", "[]", "null", '{"kind": "google"}', '{"kind": "microsoft"}', '{"kind": "microsoft", "cache": 3}',
    '{"kind": "microsoft", "cache": {}, "client_id": 3, "home_account_id": null}',
]


@pytest.mark.parametrize("junk", JUNK)
def test_a_password_or_a_damaged_entry_is_no_sign_in(desk: Desk, junk: str) -> None:
    desk.store.set("office", Secret(junk))
    assert "not signed in" in str(desk.refused())


def test_a_configuration_that_is_for_another_sign_in_is_told_before_any_request(desk: Desk) -> None:
    read = replace(desk.kept, scopes=frozenset({"Calendars.Read"}))
    desk.keep(read)
    assert "Have full access to your calendars" in str(desk.refused())
    assert desk.names(desk.another(access="read"))
    with pytest.raises(AuthError, match="another client_id"):
        desk.names(desk.another(access="read", client_id="00000000-0000-0000-0000-000000000000"))
    assert desk.renewals == 0


def test_less_may_be_asked_for_than_was_granted(desk: Desk) -> None:
    """A right that nobody agreed to would be refused, though a wider one is there."""
    desk.later(2 * HOUR_S)
    assert desk.names(desk.another(access="read"))


def test_another_server_than_the_one_of_the_sign_in_is_told(desk: Desk) -> None:
    desk.later(2 * HOUR_S)
    other = desk.g.login.url.replace("127.0.0.1", "localhost")
    with pytest.raises(AuthError, match="at another server"):
        desk.names(desk.another(authority=other))


def test_the_token_goes_to_graph_alone(desk: Desk) -> None:
    with httpx.Client(trust_env=False) as client, pytest.raises(ProtocolError, match="nothing was sent"):
        client.get("https://127.0.0.1:9/v1.0/me", auth=desk.token)
    assert isinstance(signer(desk.account, lambda: desk.store, desk.ports), MicrosoftToken)
    with httpx.Client(trust_env=False) as client, pytest.raises(ProtocolError, match=r"not for graph\.example"):
        client.get("https://graph.example/v1.0/me", auth=MicrosoftToken(
            replace(desk.account, api_url=None), lambda: desk.store, desk.ports))


def test_a_dead_sign_in_is_shown_to_microsoft_once_for_all_calendars_and_again_after_a_new_one(desk: Desk) -> None:
    desk.g.change(revoke=True)
    first, second = str(desk.refused()), str(desk.refused())
    assert first == second and desk.renewals == 1
    assert desk.kept.problem == first
    desk.keep(desk.signed_in())
    assert desk.names() and desk.kept.problem is None


CODES = sorted(set(ROWS) & set(REFUSALS))


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_of_a_renewal_is_told_with_the_next_command(desk: Desk, code: int) -> None:
    """Facts 1.6, each row. 401 and 503 are among the answers."""
    desk.later(HOUR_S - 200 if code in (90024, 90033) else 2 * HOUR_S)
    desk.g.change(refuse=[{"code": code, "grant": "refresh_token", "times": 9}])
    if code in (90024, 90033):
        assert desk.names() and desk.kept.problem is None and desk.slept == [1.0, 2.0]
        return
    kind = ConfigError if ROWS[code].key else AuthError
    err = desk.refused(kind)
    assert f"[AADSTS{code}]" in str(err) and err.next.startswith("calsync ") and "{" not in str(err) + err.next
    assert err.exit_code == (2 if ROWS[code].key else 5)
    assert desk.kept.problem == str(err)
    if kind is AuthError and err.next.startswith("calsync login"):
        assert "goes on where it stopped" in str(err)
    assert (desk.kept.wanted is not None) == (REFUSALS[code][0] == "interaction_required")


def test_a_sign_in_that_was_not_used_for_ninety_days_is_told_as_that(desk: Desk) -> None:
    desk.later(91 * DAY_S)
    found = state(desk.account, desk.store, desk.ports)
    assert not found.signed_in and found.problem is not None and "90 days" in found.problem
    err = desk.refused()
    assert "not used for 91 days" in str(err) and "AADSTS700082" in str(err)


def test_a_refusal_without_a_number_or_with_a_new_one_is_told_by_its_word(desk: Desk) -> None:
    for error, words in (("invalid_grant", "no longer accepts"), ("what", "refuses the sign-in of office (what: new")):
        desk.later(2 * HOUR_S)
        text = "AADSTS99999: new {braces} \x1b[2J words. Trace ID: 1 Correlation ID: 2"
        desk.site.answers.append((TOKEN, told({"error": error, "error_description": text}, 400)))
        err = desk.refused()
        assert words in str(err) and "{braces} [2J words" in str(err) and "\x1b" not in str(err)
        assert "Trace" not in str(err) and "[AADSTS99999]" in str(err)
        desk.keep(desk.signed_in())


# -- trouble that passes -----------------------------------------------------------------------------------------------

PASSING = [
    told({"error": "temporarily_unavailable"}, 503), told({"error": "server_error"}, 400), told(b"<html>", 502),
    told(b"", 429, **{"Retry-After": "5"}), told(b"", 500), Reply(200, b"{}", cut="before"),
]


@pytest.mark.parametrize("answer", PASSING)
@pytest.mark.parametrize("place", [TOKEN, DISCOVERY])
def test_a_service_in_trouble_is_asked_again_and_is_no_reason_to_sign_in(desk: Desk, place: str, answer: Reply) -> None:
    desk.later(2 * HOUR_S)
    desk.site.answers.append((place, answer))
    assert desk.names()
    assert desk.slept == ([5.0] if answer.headers.get("Retry-After") else [1.0])
    desk.later(2 * HOUR_S)
    desk.site.answers += [(place, answer)] * 9
    err = desk.refused(TransientError)
    assert err.exit_code == 1 and len(desk.site.answers) == 6 and desk.kept.problem is None
    desk.site.answers.clear()
    assert desk.names()  # MSAL's memory of the answer is gone with the application


def test_a_long_wait_is_left_to_the_next_run(desk: Desk) -> None:
    desk.later(2 * HOUR_S)
    desk.site.answers.append((TOKEN, told(b"", 429, **{"Retry-After": "600"})))
    err = desk.refused(TransientError)
    assert isinstance(err, TransientError) and err.retry_after_s == 600 and desk.slept == []


def test_no_network_is_no_reason_to_sign_in(desk: Desk) -> None:
    desk.later(2 * HOUR_S)
    with pytest.raises(TransientError, match="cannot be reached"):
        desk.names(desk.another(authority="https://127.0.0.1:9"))
    assert desk.kept.problem is None


def test_while_the_old_token_is_good_an_unreachable_service_does_not_stop_the_run(desk: Desk) -> None:
    desk.later(HOUR_S - 200)
    desk.site.answers += [(DISCOVERY, told(b"", 503))] * 99
    assert desk.names() and len(desk.site.answers) == 96
    assert desk.names() and len(desk.site.answers) == 96  # and is not asked at every request
    desk.later(300)
    desk.refused(TransientError)


@pytest.mark.parametrize("answer", [
    told({}), told({"access_token": 3}), told({"access_token": "a\nb"}), told({"access_token": "é"}), told([]),
    told(b"<html>"), told({"access_token": "a", "expires_in": "soon"}), told(b"not here", 404), told(b"", 302),
    told({"access_token": ""}), told(b"[" * 100_000), told(b'{"access_token": "a", "expires_in": 1e999}'),
    told({"access_token": "a", "id_token": "nonsense"}), told({"access_token": "a", "client_info": "nonsense"}),
])
def test_an_answer_that_makes_no_sense_is_told_and_changes_nothing(desk: Desk, answer: Reply) -> None:
    before = desk.kept
    desk.later(2 * HOUR_S)
    desk.site.answers.append((TOKEN, answer))
    desk.refused(ProtocolError)
    assert desk.kept == before and desk.names()


def test_a_renewal_that_brings_no_refresh_token_keeps_the_old_one(desk: Desk) -> None:
    desk.later(2 * HOUR_S)
    token = desk.g.token()
    desk.site.answers.append((TOKEN, told({"access_token": token, "expires_in": "3600", "token_type": "Bearer"})))
    before = desk.kept
    assert desk.names() and desk.kept.access_token.reveal() == token
    assert desk.kept.cache == before.cache and desk.kept.scopes == before.scopes
    desk.later(2 * HOUR_S)
    assert desk.names()


def test_two_demands_are_met_by_one_sign_in() -> None:
    """Graph's own, and that of the service that wanted a person for it."""
    graph = '{"access_token":{"nbf":{"value":"1"}}}'
    service = '{"access_token":{"capolids":{"values":["c"]}},"id_token":{}}'
    assert json.loads(both(graph, service) or "") == {
        "access_token": {"nbf": {"value": "1"}, "capolids": {"values": ["c"]}}, "id_token": {},
    }
    assert both(graph, None) == graph == both(None, graph) and both(None, None) is None
    assert both("[]", "no JSON") is None


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_nothing_of_a_grant_shows_itself(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("msal").setLevel(logging.DEBUG)
        desk.later(2 * HOUR_S)
        desk.names()
        desk.site.answers.append((TOKEN, told(b'{"access_token": "' + desk.g.token().encode())))
        desk.later(2 * HOUR_S)
        desk.refused(ProtocolError)
    shown = f"{desk.kept!r} {desk.kept} {desk.token!r} {vars(desk.token)} {caplog.text}"
    assert not any(secret in shown for secret in desk.site.secrets())


def test_a_grant_survives_its_own_storing(desk: Desk) -> None:
    grant = replace(desk.kept, problem="é", claims='{"a":1}', wanted='{"b":2}')
    assert parse(grant.to_secret()) == grant


def test_a_clock_that_was_set_back_does_not_keep_an_old_token_alive(desk: Desk) -> None:
    desk.later(10 * HOUR_S)
    desk.names()
    now = desk.ports.now()
    assert not replace(desk.kept, obtained=now + timedelta(hours=5), expires=now + timedelta(days=9)).is_fresh(now)
