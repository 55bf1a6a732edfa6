"""Tokens between calsync and Google: renewed before they expire, once for all, and never lost (facts 1.5, 1.7, 8.2)."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import keyring
import pytest

from calsync_cli.auth.google.grant import Grant, parse
from calsync_cli.auth.google.scopes import LIST, WRITE
from calsync_cli.auth.google.token import GoogleToken
from calsync_cli.auth.signer import state
from calsync_cli.config.secrets import FileStore, KeyringStore
from calsync_cli.errors import AuthError, ProtocolError, RemoteError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers.google.calendar_list import entries
from tests.emulators.oauth import Grant as Agreed
from tests.emulators.oauth_tokens import DAY_S, Refused
from tests.emulators.web import Response, json_response
from tests.unit.auth.site import LIST_PATH, SECRET, UNAUTHORIZED, Site, google_site
from tests.unit.test_secrets import Drawer

HOUR_S = 3600


class Desk:
    """An account that signed in a moment ago, and what uses it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.slept: list[float] = []
        self.ports: Ports = replace(system_ports(), now=site.clock.now, sleep=self.slept.append)
        self.account = Account("work", "google", **site.urls)  # type: ignore[arg-type]
        self.store = FileStore(folder / "secrets.json", lambda: "key")
        self.token = self.another()
        agreed = Agreed("ann@gmail.example", site.oauth.client.id, frozenset({WRITE, LIST}))
        refresh = site.oauth.tokens.new_refresh(agreed)
        now = site.clock.now()
        self.keep(Grant(
            site.oauth.client.id, Secret(SECRET), site.urls["token_url"], Secret(refresh.value),
            Secret(site.oauth.tokens.new_access(agreed, refresh).value), agreed.scopes, now, now,
            now + timedelta(hours=1), address="ann@gmail.example",
        ))

    def another(self, **changes: object) -> GoogleToken:
        """As another process of the same user would have it."""
        return GoogleToken(replace(self.account, **changes), lambda: self.store, self.ports)  # type: ignore[arg-type]

    def keep(self, grant: Grant) -> None:
        self.store.set("work", grant.to_secret())

    @property
    def kept(self) -> Grant:
        found = parse(self.store.get("work"))
        assert found is not None
        return found

    def names(self, token: GoogleToken | None = None) -> list[str]:
        with httpx.Client(trust_env=False) as client:
            return [row["summary"] for row in entries(client, token or self.token, self.account)]

    def refused(self) -> AuthError:
        with pytest.raises(AuthError) as err:
            self.names()
        assert err.value.exit_code == 5 and isinstance(err.value, RemoteError)  # other accounts go on
        assert not any(secret in str(err.value) for secret in self.site.secrets())
        return err.value


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with google_site() as site:
        yield Desk(site, tmp_path)


# -- renewing ----------------------------------------------------------------------------------------------------------


def test_a_run_with_a_good_token_asks_the_token_server_nothing(desk: Desk) -> None:
    assert desk.names() == ["Me", "Holidays"]
    assert desk.site.asked == [("GET", LIST_PATH)] * 2


def test_a_token_is_renewed_before_it_expires_and_kept_for_the_next_process(desk: Desk) -> None:
    desk.site.clock.advance(HOUR_S - 200)
    assert desk.names() == ["Me", "Holidays"]
    assert [path for _, path in desk.site.asked] == ["/token", LIST_PATH, LIST_PATH]
    assert desk.names(desk.another()) == ["Me", "Holidays"] and desk.site.count("/token") == 1


def test_a_server_that_gives_short_lives_is_not_asked_before_every_request(desk: Desk) -> None:
    desk.site.oauth.policy.access_life_s = 60
    desk.site.clock.advance(HOUR_S)
    desk.names()
    desk.names()
    assert desk.site.count("/token") == 1
    desk.site.clock.advance(58)
    desk.names()
    assert desk.site.count("/token") == 2


def test_a_401_renews_once_and_repeats_the_request_once(desk: Desk) -> None:
    """Quirk 34."""
    desk.site.oauth.tokens.expire_access()
    assert desk.names() == ["Me", "Holidays"]
    assert [path for _, path in desk.site.asked] == [LIST_PATH, "/token", LIST_PATH, LIST_PATH]


def test_a_second_401_is_told_and_not_tried_again(desk: Desk) -> None:
    desk.site.api_answers += [json_response(401, UNAUTHORIZED) for _ in range(9)]
    err = desk.refused()
    assert "is fresh" in str(err) and err.next == "calsync login work"
    assert [path for _, path in desk.site.asked] == [LIST_PATH, "/token", LIST_PATH]


def test_many_threads_renew_once(desk: Desk) -> None:
    desk.site.clock.advance(2 * HOUR_S)
    found: list[list[str]] = []
    _together(12, lambda: found.append(desk.names()))
    assert found == [["Me", "Holidays"]] * 12 and desk.site.count("/token") == 1


def test_many_threads_with_a_401_renew_once(desk: Desk) -> None:
    desk.names()
    desk.site.oauth.tokens.expire_access()
    found: list[list[str]] = []
    _together(12, lambda: found.append(desk.names()))
    assert found == [["Me", "Holidays"]] * 12 and desk.site.count("/token") == 1


def test_another_process_that_renewed_already_saves_us_from_asking(desk: Desk) -> None:
    ours, theirs = desk.another(), desk.another()
    desk.names(ours)
    desk.names(theirs)
    desk.site.clock.advance(2 * HOUR_S)
    desk.names(theirs)
    desk.names(ours)
    assert desk.site.count("/token") == 1


def test_with_rotation_each_one_that_comes_is_stored_before_it_is_used(desk: Desk) -> None:
    desk.site.oauth.policy.rotates = True
    seen = {desk.kept.refresh_token.reveal()}
    for _ in range(4):
        desk.site.clock.advance(2 * HOUR_S)
        assert desk.token.bearer() == desk.kept.access_token.reveal()
        seen.add(desk.kept.refresh_token.reveal())
        assert desk.names() == ["Me", "Holidays"]
    assert len(seen) == 5


def _together(count: int, call: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- between processes -------------------------------------------------------------------------------------------------

WORKER = """
import sys
from pathlib import Path
import httpx
from calsync_cli.auth.google.token import GoogleToken
from calsync_cli.config.secrets import FileStore
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from calsync_cli.providers.google.calendar_list import entries

base, file, name = sys.argv[1:]
account = Account(name, "google", api_url=base + "/calendar/v3/", token_url=base + "/token")
store = FileStore(Path(file), lambda: "key")
token = GoogleToken(account, lambda: store, system_ports())
client = httpx.Client(trust_env=False)
for line in sys.stdin:
    used = GoogleToken(account, lambda: store, system_ports()) if line.strip() == "new" else token
    print(len(list(entries(client, used, account))), flush=True)
"""


class Crowd:
    """Processes that all want a new token at the same moment."""

    def __init__(self, desk: Desk, file: Path, names: list[str]) -> None:
        words = [sys.executable, "-c", WORKER, desk.site.root_url, str(file)]
        self._workers = [
            subprocess.Popen([*words, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in names
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
    """20 rounds; a refresh token that was replaced is dead at once, so the loss of one would end the test."""
    desk.site.oauth.policy.rotates = True
    with Crowd(desk, tmp_path / "secrets.json", ["work", "work"]) as crowd:
        for number in range(20):
            desk.site.oauth.tokens.expire_access()
            assert crowd.all_ask(word) == ["2", "2"], number
            assert desk.site.count("/token") == number + 1
    assert not desk.site.oauth.tokens.refresh[desk.kept.refresh_token.reveal()].dead


def test_accounts_that_renew_at_once_do_not_undo_each_other(desk: Desk, tmp_path: Path) -> None:
    """One file holds the secrets of all accounts."""
    desk.site.oauth.policy.rotates = True
    names = ["work", "home", "club"]
    for name in names[1:]:
        agreed = Agreed("bob@gmail.example", desk.site.oauth.client.id, frozenset({WRITE, LIST}))
        refresh = Secret(desk.site.oauth.tokens.new_refresh(agreed).value)
        desk.store.set(name, replace(desk.kept, refresh_token=refresh).to_secret())
    with Crowd(desk, tmp_path / "secrets.json", names) as crowd:
        for number in range(10):
            desk.site.oauth.tokens.expire_access()
            assert crowd.all_ask("same") == ["2", "2", "2"], number


# -- a store that fails ------------------------------------------------------------------------------------------------


def test_a_rotated_token_that_cannot_be_stored_is_kept_and_stored_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.site.oauth.policy.rotates = True
    desk.site.clock.advance(2 * HOUR_S)
    old = desk.kept.refresh_token

    def locked(*_: object) -> None:
        raise AuthError("the keyring is locked", next="calsync doctor")

    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "set", locked)
        err = desk.refused()
        assert "could not be stored, so it is not used" in str(err) and "locked" in str(err)
    assert desk.kept.refresh_token == old and desk.site.count(LIST_PATH) == 0
    assert desk.names() == ["Me", "Holidays"]
    assert desk.kept.refresh_token != old and desk.site.count("/token") == 1
    desk.site.clock.advance(2 * HOUR_S)
    assert desk.names(desk.another()) == ["Me", "Holidays"]


def test_an_access_token_that_cannot_be_stored_is_used_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.site.clock.advance(2 * HOUR_S)

    def full(*_: object) -> None:
        raise AuthError("the disk is full")

    monkeypatch.setattr(FileStore, "set", full)
    with caplog.at_level(logging.WARNING):
        assert desk.names() == ["Me", "Holidays"]
    assert "the disk is full" in caplog.text


def test_a_new_sign_in_goes_before_a_token_that_could_not_be_stored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.site.oauth.policy.rotates = True
    desk.site.clock.advance(2 * HOUR_S)
    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "set", lambda *_: (_ for _ in ()).throw(AuthError("locked")))
        desk.refused()
    agreed = Agreed("ann@gmail.example", desk.site.oauth.client.id, frozenset({WRITE, LIST}))
    newer = replace(
        desk.kept, refresh_token=Secret(desk.site.oauth.tokens.new_refresh(agreed).value), signed_in=desk.ports.now()
    )
    desk.keep(newer)
    assert desk.names() == ["Me", "Holidays"]
    assert desk.kept.signed_in == newer.signed_in


@pytest.fixture
def drawer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    """A keyring that takes small values only."""
    before, made = keyring.get_keyring(), Drawer()
    keyring.set_keyring(made)
    monkeypatch.setattr("calsync_cli.config.secrets.default_state_dir", lambda: tmp_path / "own")
    yield made
    keyring.set_keyring(before)


def test_a_keyring_keeps_long_tokens_in_pieces_and_all_threads_share_them(desk: Desk, drawer: Drawer) -> None:
    grant, desk.store = desk.kept, KeyringStore()  # type: ignore[assignment]
    desk.keep(grant)
    policy = desk.site.oauth.policy
    policy.rotates, policy.access_prefix, policy.refresh_prefix = True, "ya29." + "a" * 1900, "1//" + "r" * 400
    for _ in range(3):
        desk.site.clock.advance(2 * HOUR_S)
        found: list[list[str]] = []
        _together(6, lambda found=found: found.append(desk.names(desk.another())))  # type: ignore[misc]
        assert found == [["Me", "Holidays"]] * 6
    assert desk.site.count("/token") == 3 and len(drawer.held) > 2


def test_a_value_that_is_just_being_replaced_is_no_missing_sign_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of a keyring may come between two pieces."""
    real, times = FileStore.get, iter([True])

    def torn(store: FileStore, name: str) -> Secret | None:
        return None if next(times, False) else real(store, name)

    monkeypatch.setattr(FileStore, "get", torn)
    assert desk.names() == ["Me", "Holidays"]
    times = iter([True])
    assert state(desk.account, desk.store, desk.ports).signed_in


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_an_account_that_never_signed_in_names_the_command(desk: Desk) -> None:
    desk.store.delete("work")
    err = desk.refused()
    assert "not signed in" in str(err) and err.next == "calsync login work" and desk.site.asked == []


JUNK = ["hunter2", "{}", "[]", "null", '{"kind": "google"}', '{"kind": "google", "scopes": 3}']


@pytest.mark.parametrize("junk", JUNK)
def test_a_password_or_a_damaged_entry_is_no_sign_in(desk: Desk, junk: str) -> None:
    desk.store.set("work", Secret(junk))
    assert "not signed in" in str(desk.refused())


def test_a_configuration_that_asks_for_more_than_was_granted_is_told_before_any_request(desk: Desk) -> None:
    with pytest.raises(AuthError, match=r"create secondary calendars.*calendar\.calendars"):
        desk.names(desk.another(access="create"))
    assert desk.site.asked == [] and desk.names(desk.another(access="write")) == ["Me", "Holidays"]


def test_the_token_goes_to_googles_api_alone(desk: Desk) -> None:
    with httpx.Client(trust_env=False) as client, pytest.raises(ProtocolError, match="nothing was sent"):
        client.get("http://127.0.0.1:9/calendar/v3/", auth=desk.token)


def test_a_dead_token_is_shown_to_google_once_for_all_calendars_and_again_after_a_new_sign_in(desk: Desk) -> None:
    desk.site.clock.advance(2 * HOUR_S)
    token = desk.site.oauth.tokens.refresh[desk.kept.refresh_token.reveal()]
    desk.site.oauth.tokens.kill(token, "revoked")
    first, second = str(desk.refused()), str(desk.refused())
    assert first == second and desk.site.count("/token") == 1
    assert desk.kept.problem == first
    token.dead = ""
    assert desk.names(desk.another()) == ["Me", "Holidays"]
    assert desk.kept.problem is None


WHY = [
    (Refused("invalid_grant", "Token has been expired or revoked."), 0, (
        "work (ann@gmail.example)", "access was removed", "password was changed", "more than 100",
        "goes on where it stopped",
    )),
    (Refused("invalid_grant", "Bad Request"), 7, ("7 days old", "Testing", "publish", "docs/google.md")),
    (Refused("invalid_grant", "Bad Request"), 200, ("not used for 200 days", "six months")),
    (Refused("invalid_grant", "reauth related error", 400, "invalid_rapt"), 1, ("administrator", "new sign-in")),
    (Refused("invalid_grant", "reauth related error", 400, "rapt_required"), 1, ("administrator", "new sign-in")),
    (Refused("invalid_grant", "Account has been deleted"), 1, ("account itself is gone", "Account has been deleted")),
    (Refused("invalid_grant", "x", 400, "admin_policy_enforced"), 1, ("administrator", "123-emulated.apps")),
    (Refused("admin_policy_enforced", "x", 400), 1, ("administrator", "123-emulated.apps")),
    (Refused("access_denied", "x", 403), 1, ("deny access", "administrator")),
    (Refused("org_internal", "x", 403), 1, ("own organisation",)),
    (Refused("invalid_client", "The OAuth client was not found.", 401), 1, ("deleted", "client file again")),
    (Refused("deleted_client", "The OAuth client was deleted.", 401), 1, ("was deleted", "new one")),
    (Refused("disabled_client", "The OAuth client was disabled.", 401), 1, ("disabled",)),
    (Refused("unauthorized_client", "Unauthorized"), 1, ("Desktop app",)),
    (Refused("invalid_scope", "Bad"), 1, ("rights",)),
    (Refused("redirect_uri_mismatch", "Bad"), 1, ("Desktop app",)),
    (Refused("unsupported_grant_type", "Bad"), 1, ("token_url",)),
    (Refused("invalid_request", "Bad"), 1, ("token_url",)),
    (Refused("something_new", "with {braces} \x1b[2J and words"), 1, ("something_new", "{braces} [2J and words")),
]


@pytest.mark.parametrize(("refused", "days", "words"), WHY, ids=[f"{r.error}-{r.subtype}-{d}" for r, d, _ in WHY])
def test_every_way_a_sign_in_dies_is_told_with_the_next_command(
    desk: Desk, refused: Refused, days: int, words: tuple[str, ...]
) -> None:
    """Facts 1.7, each row."""
    desk.site.clock.advance(2 * HOUR_S)
    if 0 < days < 100:
        desk.names()
    desk.site.clock.advance(days * DAY_S)
    desk.site.oauth.token_faults.append(refused)
    err = desk.refused()
    assert [word for word in words if word not in str(err)] == [], str(err)
    assert err.next.startswith("calsync ") and "\x1b" not in str(err)
    assert err.next.startswith("calsync login work") or "token_url" in str(err)


def test_the_end_that_google_told_is_named_as_the_reason(desk: Desk) -> None:
    week = desk.ports.now() + timedelta(days=7)
    for ends, words in ((week, "Testing"), (desk.ports.now() + timedelta(days=3), "only")):
        desk.keep(replace(desk.kept, ends=ends, signed_in=desk.ports.now()))
        desk.site.clock.advance(7.01 * DAY_S)
        desk.site.oauth.token_faults.append(Refused("invalid_grant", "Token has been expired or revoked."))
        with pytest.raises(AuthError, match=f"{ends:%d %b %Y}.*{words}"):
            desk.names(desk.another())
        desk.site.clock.advance(-7.01 * DAY_S)


# -- trouble that passes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        json_response(503, {"error": "temporarily_unavailable"}), json_response(400, {"error": "internal_failure"}),
        Response(502, b"<html>Bad Gateway</html>"), Response(429, b"", {"Retry-After": "5"}), Response(500),
    ],
)
def test_a_token_server_in_trouble_is_asked_again_and_is_no_reason_to_sign_in(desk: Desk, answer: Response) -> None:
    desk.site.clock.advance(2 * HOUR_S)
    desk.site.token_answers.append(answer)
    assert desk.names() == ["Me", "Holidays"]
    assert desk.slept == ([5.0] if answer.headers.get("Retry-After") else [1.0])
    desk.site.clock.advance(2 * HOUR_S)
    desk.site.token_answers += [answer] * 9
    with pytest.raises(TransientError) as err:
        desk.names()
    assert not isinstance(err.value, AuthError) and err.value.exit_code == 1 and len(desk.site.token_answers) == 6
    assert desk.kept.problem is None


def test_a_long_wait_is_left_to_the_next_run(desk: Desk) -> None:
    desk.site.clock.advance(2 * HOUR_S)
    desk.site.token_answers.append(Response(429, b"", {"Retry-After": "600"}))
    with pytest.raises(TransientError) as err:
        desk.names()
    assert err.value.retry_after_s == 600 and desk.slept == []


def test_no_network_is_no_reason_to_sign_in(desk: Desk) -> None:
    desk.site.clock.advance(2 * HOUR_S)
    with pytest.raises(TransientError, match="cannot be reached"):
        desk.names(desk.another(token_url="http://127.0.0.1:9/token"))
    dropped = Response(200, b"{}", fate="dropped")
    desk.site.token_answers += [dropped] * 9
    with pytest.raises(TransientError, match="no readable answer"):
        desk.names()


def test_while_the_old_token_is_good_an_unreachable_server_does_not_stop_the_run(desk: Desk) -> None:
    desk.site.clock.advance(HOUR_S - 200)
    desk.site.token_answers += [Response(503)] * 99
    assert desk.names() == ["Me", "Holidays"] and desk.site.count("/token") == 3
    assert desk.names() == ["Me", "Holidays"] and desk.site.count("/token") == 3  # and is not asked at every request
    desk.site.clock.advance(300)
    with pytest.raises(TransientError):
        desk.names()


@pytest.mark.parametrize(
    "answer",
    [
        json_response(200, {}), json_response(200, {"access_token": 3}), json_response(200, {"access_token": "a\nb"}),
        json_response(200, {"access_token": "é"}), json_response(200, []), Response(200, b"<html>"),
        json_response(200, {"access_token": "a", "expires_in": "soon"}), Response(404, b"not here"),
        Response(302, b"", {"Location": "http://127.0.0.1:9/"}), json_response(200, {"access_token": ""}),
        json_response(200, {"access_token": "a", "refresh_token": ["b"]}), Response(200, b"[" * 100_000),
    ],
)
def test_an_answer_that_makes_no_sense_is_told_and_changes_nothing(desk: Desk, answer: Response) -> None:
    before = desk.kept
    desk.site.clock.advance(2 * HOUR_S)
    desk.site.token_answers.append(answer)
    with pytest.raises(ProtocolError) as err:
        desk.names()
    assert not any(secret in str(err.value) for secret in desk.site.secrets())
    assert desk.kept == before and desk.names() == ["Me", "Holidays"]


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_nothing_of_a_grant_shows_itself(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "calsync_cli"):
        desk.site.clock.advance(2 * HOUR_S)
        desk.names()
    shown = f"{desk.kept!r} {desk.kept} {desk.token!r} {vars(desk.token)} {caplog.text}"
    assert not any(secret in shown for secret in desk.site.secrets())


def test_a_grant_survives_its_own_storing(desk: Desk) -> None:
    grant = replace(desk.kept, ends=desk.ports.now(), problem="é")
    assert parse(grant.to_secret()) == grant
    assert set(json.loads(grant.to_secret().reveal())) >= {"kind", "refresh_token", "signed_in"}


def test_a_clock_that_was_set_back_does_not_keep_an_old_token_alive(desk: Desk) -> None:
    desk.site.clock.advance(10 * HOUR_S)
    desk.names()
    now = desk.ports.now()
    assert not replace(desk.kept, obtained=now + timedelta(hours=5), expires=now + timedelta(days=9)).is_fresh(now)
