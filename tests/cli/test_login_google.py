"""Signing in to Google accounts, as whole commands against an OAuth server over HTTP (issue 3, item 1)."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from calsync_cli.auth import browser
from calsync_cli.auth.google.scopes import CREATE, LIST, READ, WRITE
from calsync_cli.config.secrets import FileStore
from tests.cli.program import Said, Shell
from tests.cli.terminal import Terminal
from tests.emulators.oauth_tokens import Refused
from tests.emulators.web import Response, json_response
from tests.unit.auth.site import SECRET, Site, google_site

HEAD = '[secrets]\nbackend = "file"\n'


class Desk:
    """A person with a browser that agrees to everything, unless told otherwise."""

    def __init__(self, shell: Shell, site: Site, patch: pytest.MonkeyPatch) -> None:
        self.shell, self.site, self.patch = shell, site, patch
        self.client_file = shell.folder / "client.json"
        self.client_file.write_bytes(site.client_file.read_bytes())
        self.seen: list[str] = []
        patch.setenv("CALSYNC_SECRET_KEY", "key")
        patch.setenv("BROWSER", "in this test")
        patch.setattr("webbrowser.open", self._visit)
        shell.config.write_text(HEAD)

    def _visit(self, url: str) -> bool:
        self.seen.append(url)
        threading.Thread(target=httpx.get, args=(url,), kwargs={"follow_redirects": True, "trust_env": False}).start()
        return True

    def configure(self, name: str = "work", *lines: str) -> None:
        known = f'client_file = "{self.client_file}"'
        self.shell.config.write_text(self.shell.config.read_text() + self.site.config(name, known, *lines))

    def login(self, name: str = "work", *words: str) -> Said:
        said = self.shell("login", name, *words)
        self.check_silence(said.out + said.err)
        return said

    def check_silence(self, shown: str) -> None:
        """No secret in what is shown, in the log, in the configuration, or readable in the state folder."""
        files = [self.shell.config, *(f for f in self.shell.state.rglob("*") if f.is_file())]
        everything = shown + "".join(file.read_text(errors="replace") for file in files)
        assert [secret for secret in self.site.secrets() if secret in everything] == []

    @property
    def config(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = tomllib.loads(self.shell.config.read_text())["accounts"]
        return found

    def accounts(self) -> dict[str, dict[str, object]]:
        return {row["account"]: row for row in self.shell("accounts", "--json").json}

    @property
    def stored(self) -> bool:
        return (self.shell.state / "secrets.json").exists()


@pytest.fixture
def site() -> Iterator[Site]:
    with google_site() as running:
        yield running


@pytest.fixture
def desk(shell: Shell, site: Site, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(shell, site, monkeypatch)


# -- it works ----------------------------------------------------------------------------------------------------------


def test_the_word_google_makes_the_account_signs_in_and_tries_it_at_once(desk: Desk) -> None:
    for key, url in desk.site.urls.items():
        desk.patch.setenv(f"CALSYNC_ACCOUNTS__GOOGLE__{key.upper()}", url)
    desk.patch.setenv("CALSYNC_ACCOUNTS__GOOGLE__PROVIDER", "google")
    said = desk.login("google", "--client-file", str(desk.client_file))
    assert said.code == 0, said.err
    assert "signed in to google as ann@gmail.example" in said.out
    assert "google/Me\n" in said.out and "google/Holidays  (read-only)" in said.out
    assert desk.config["google"] == {"client_file": str(desk.client_file), "username": "ann@gmail.example"}
    assert stat.S_IMODE((desk.shell.state / "secrets.json").stat().st_mode) == 0o600
    state = desk.accounts()["google"]
    assert (state["signed_in"], state["problem"], state["username"]) == (True, None, "ann@gmail.example")


def test_without_any_account_in_the_configuration_one_is_written(desk: Desk) -> None:
    """The client file names where to sign in and where tokens come from."""
    desk.patch.setattr("calsync_cli.providers.google.calendar_list.API_URL", desk.site.urls["api_url"])
    assert desk.login("google", "--client-file", str(desk.client_file)).code == 0
    assert desk.config["google"] == {
        "provider": "google", "client_file": str(desk.client_file), "username": "ann@gmail.example",
    }
    assert desk.shell("config", "check").code == 0


def test_the_page_is_asked_for_as_little_as_needed_with_pkce_and_a_loopback_address(desk: Desk) -> None:
    for access, scopes in (("write", {WRITE, LIST}), ("read", {READ, LIST}), ("create", {WRITE, LIST, CREATE})):
        desk.configure(access, f'access = "{access}"')
        assert desk.login(access).code == 0
        asked = {name: values[0] for name, values in parse_qs(urlsplit(desk.seen[-1]).query).items()}
        assert set(asked["scope"].split()) == scopes
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        assert asked["access_type"] == "offline" and "consent" in asked["prompt"] and len(asked["state"]) == 32
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", asked["redirect_uri"])
        assert "include_granted_scopes" not in asked and SECRET not in desk.seen[-1]
    assert len({parse_qs(urlsplit(url).query)["state"][0] for url in desk.seen}) == 3


def test_several_accounts_live_side_by_side(desk: Desk) -> None:
    desk.configure("work")
    desk.configure("club", 'username = "bob@gmail.example"')
    assert desk.login("work").code == desk.login("club").code == 0
    found = desk.accounts()
    assert {name: row["username"] for name, row in found.items()} == {
        "work": "ann@gmail.example", "club": "bob@gmail.example",
    }
    assert "login_hint=bob" in desk.seen[1] and "login_hint" not in desk.seen[0]
    assert desk.shell("logout", "work").code == 0
    found = desk.accounts()
    assert (found["work"]["signed_in"], found["club"]["signed_in"]) == (False, True)


def test_signing_in_again_needs_no_options_and_replaces_what_was_stored(desk: Desk) -> None:
    desk.configure()
    for _ in range(2):
        assert desk.login().code == 0
    tokens = list(desk.site.oauth.tokens.refresh.values())
    assert len(tokens) == 2 and not any(token.dead for token in tokens)  # revoking the old one would end both
    assert desk.config["work"]["username"] == "ann@gmail.example"


def test_a_project_in_testing_is_told_with_the_day_on_which_the_sign_in_ends(desk: Desk) -> None:
    desk.configure()
    desk.site.testing = True
    said = desk.login()
    assert said.code == 0 and "7 days" in said.out and "docs/google.md" in said.out
    ends = str(desk.accounts()["work"]["expires"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ends)
    assert "ok, as ann@gmail.example, until " in desk.shell("accounts").out


def test_the_steps_that_messages_name_are_those_of_the_page() -> None:
    text = (Path(__file__).parents[2] / "docs" / "google.md").read_text(encoding="utf-8")
    steps = dict(re.findall(r"^(\d)\. (.*?)(?=^\d\. |^$)", text, re.M | re.S))
    assert "Test users" in steps["4"] and "Publish app" in steps["5"] and "Desktop app" in steps["6"]


def test_strangers_who_knock_first_are_ignored(desk: Desk) -> None:
    desk.configure()

    def knock(url: str) -> bool:
        here = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        strange = (f"state={'0' * 32}&code=stolen", "error=access_denied", "code=stolen", "x" * 9000)
        codes = [httpx.get(f"{here}?{query}", trust_env=False).status_code for query in strange]
        codes.append(httpx.get(f"{here}favicon.ico", trust_env=False).status_code)
        assert codes == [400, 400, 400, 400, 404]
        return desk._visit(url)

    desk.patch.setattr("webbrowser.open", knock)
    said = desk.login()
    assert said.code == 0 and said.out.count("ignored: this answer") == 4


# -- it is refused -----------------------------------------------------------------------------------------------------


def test_a_person_who_says_no_is_understood(desk: Desk) -> None:
    desk.configure()
    desk.site.oauth.auto_denies = True
    said = desk.login()
    assert said.code == 5 and "nothing was allowed" in said.err and "test users" in said.err
    assert "next: calsync login work" in said.err and not desk.stored and "username" not in desk.config["work"]


@pytest.mark.parametrize("left", [LIST, WRITE])
def test_a_right_that_was_unticked_is_named_and_nothing_is_stored(desk: Desk, left: str) -> None:
    desk.configure()
    desk.site.oauth.auto_scopes = frozenset({left})
    said = desk.login()
    lacking = {LIST: "View and edit events", WRITE: "See the list of Google calendars"}[left]
    assert said.code == 5 and lacking in said.err and "tick every box" in said.err and not desk.stored


def test_another_person_cannot_take_over_an_account_by_mistake(desk: Desk) -> None:
    """The whole calendar would look deleted (facts 1.6)."""
    desk.configure()
    assert desk.login().code == 0
    desk.site.oauth.auto_user = "bob@gmail.example"
    said = desk.login()
    assert said.code == 2 and "bob@gmail.example signed in" in said.err and "nothing was changed" in said.err
    assert desk.accounts()["work"]["username"] == "ann@gmail.example"
    assert desk.login("work", "--username", "bob@gmail.example").code == 0
    assert desk.accounts()["work"]["username"] == desk.config["work"]["username"] == "bob@gmail.example"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"web": {"client_id": "x", "client_secret": "y"}}', "type Web application"),
        ('{"type": "service_account", "private_key": "GOCSPX-emulated"}', "service account"),
        ('{"type": "authorized_user", "refresh_token": "GOCSPX-emulated"}', "sign-in of another program"),
        ("GOCSPX-emulated", "is no JSON"), ("[]", "is no client file"), ("{}", "is no client file"),
        ("\xff", "is no JSON"),
        ('{"installed": 3}', "is damaged"), ('{"installed": {"client_id": "x"}}', "holds no client_secret"),
        ('{"installed": {"client_secret": "GOCSPX-emulated"}}', "holds no client_id"),
        ('{"installed": {"client_id": "x", "client_secret": "y", "auth_uri": "http://evil.example/"}}', "plain http"),
    ],
)
def test_a_client_file_that_cannot_be_is_told_apart(desk: Desk, content: str, words: str) -> None:
    desk.client_file.write_text(content, encoding="latin-1")
    desk.shell.config.write_text(HEAD + '[accounts.work]\nprovider = "google"\n')
    said = desk.login("work", "--client-file", str(desk.client_file))
    assert said.code == 2 and words in said.err and "Desktop app" in said.err and "docs/google.md" in said.err
    assert said.err.endswith("\n  next: calsync login work --client-file FILE\n")
    assert desk.seen == [] and not desk.stored


def test_a_client_file_that_is_not_there_is_told(desk: Desk) -> None:
    said = desk.login("google")
    assert said.code == 2 and "no client file" in said.err and "--client-file FILE" in said.err
    said = desk.login("google", "--client-file", "nowhere.json")
    assert said.code == 2 and "nowhere.json cannot be read" in said.err


def test_options_of_other_accounts_are_told(desk: Desk) -> None:
    desk.configure()
    assert "--url is for caldav and icloud accounts" in desk.login("work", "--url", "https://x.org/").err
    assert "--password-stdin is for caldav" in desk.login("work", "--password-stdin").err
    assert "--no-browser is for google" in desk.login("caldav", "--url", "https://x.org/", "--no-browser").err


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (Refused("invalid_client", "The OAuth client was not found.", 401), "client of work"),
        (Refused("invalid_grant", "Malformed auth code."), "too old or used already"),
        (Refused("admin_policy_enforced", "x"), "administrator"), (Refused("what", "is \x1b[2J this"), "what: is"),
    ],
)
def test_a_code_that_google_does_not_take_is_told(desk: Desk, refused: Refused, words: str) -> None:
    desk.configure()
    desk.site.oauth.token_faults.append(refused)
    said = desk.login()
    assert said.code == 5 and words in said.err and "\x1b" not in said.err and not desk.stored


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Response(200, b"<html>proxy</html>"), 1, "not answer like Google"),
        (Response(500, b""), 1, "just now (500); the sign-in page has to be shown again"),
        (Response(302, b"", {"Location": "https://x.example/"}), 1, "not answer like Google"),
        (Response(200, b"", fate="dropped"), 1, "no readable answer"),
        (json_response(200, {"access_token": 3, "refresh_token": "r"}), 1, "no sense"),
        (json_response(200, {"access_token": "a", "expires_in": 9}), 5, "no lasting sign-in"),
        *((Response(200, body), 1, "not answer like Google") for body in (b"[]", b"null", b"[" * 100_000)),
        *((Response(200, body), 1, "makes no sense") for body in (
            b'{"access_token": "a", "scope": 5}', b'{"access_token": "a", "expires_in": 1e999}',
            b'{"access_token": "a", "expires_in": "soon"}',
        )),
        (Response(200, b'{"error": null}'), 5, "no lasting sign-in"),
    ],
)
def test_a_token_server_that_makes_no_sense_is_told(desk: Desk, answer: Response, code: int, words: str) -> None:
    desk.configure()
    desk.site.token_answers.append(answer)
    said = desk.login()
    assert said.code == code and words in said.err and not desk.stored, said.err


def _error(status: int, reason: str, message: str = "") -> Response:
    return json_response(status, {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}})


CONSOLE = "https://console.developers.google.com/apis/x?project=1"
OFF = f"Google Calendar API has not been used in project 1. Enable it by visiting {CONSOLE} then retry."


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (_error(403, "accessNotConfigured", OFF), 2, f"{CONSOLE}, wait a minute"),
        (_error(403, "notACalendarUser"), 5, "has no Google Calendar"),
        (_error(403, "domainPolicy"), 5, "administrator"),
        (_error(403, "insufficientPermissions"), 5, "unticked"), (_error(401, "authError"), 5, "refuses the sign-in"),
        (_error(403, "userRateLimitExceeded"), 1, "too busy"), (_error(403, "dailyLimitExceeded"), 1, "of the day"),
        (Response(503, b"<html>"), 1, "too busy"), (_error(400, "new", "\x1b[2Jwords"), 1, "(400: [2Jwords)"),
        (Response(200, b"<html>"), 1, "api_url"), (json_response(200, {"items": [3]}), 1, "api_url"),
    ],
)
def test_what_the_calendar_list_says_of_an_account_is_told(desk: Desk, answer: Response, code: int, words: str) -> None:
    """Facts 8.2, the rows that are about an account."""
    desk.configure()
    desk.site.api_answers.append(answer)
    said = desk.login()
    assert said.code == code and words in said.err and "\x1b" not in said.err and not desk.stored, said.err


def test_a_page_that_nobody_answers_ends_with_words(desk: Desk) -> None:
    desk.configure()
    desk.patch.setattr(browser, "WAIT_S", 0.5)
    desk.patch.setattr("webbrowser.open", lambda url: True)
    said = desk.login()
    assert said.code == 5 and "gave no answer within" in said.err and not desk.stored


def test_a_configuration_that_cannot_be_written_stores_nothing(desk: Desk) -> None:
    desk.configure()
    (desk.shell.config.with_name("config.toml.part")).mkdir()
    said = desk.login()
    assert said.code == 2 and "cannot be written" in said.err and not desk.stored


def test_an_unexpected_error_shows_nothing_either(desk: Desk) -> None:
    desk.configure()

    def broken(*_: object) -> None:
        raise RuntimeError("on purpose")

    desk.patch.setattr(FileStore, "set", broken)
    said = desk.login()
    assert said.code == 8 and "on purpose" in said.err
    desk.check_silence(said.err)
    assert "RuntimeError" in (desk.shell.state / "calsync.log").read_text()


def test_the_keyring_is_looked_at_before_anybody_is_sent_to_a_browser(desk: Desk) -> None:
    desk.configure()
    desk.patch.delenv("CALSYNC_SECRET_KEY")
    said = desk.login()
    assert said.code == 5 and "CALSYNC_SECRET_KEY" in said.err and desk.seen == []


# -- signing out -------------------------------------------------------------------------------------------------------


def test_signing_out_revokes_at_google_and_removes_the_tokens(desk: Desk) -> None:
    desk.configure()
    desk.login()
    said = desk.shell("logout", "work")
    assert said.code == 0 and "at Google too" in said.out
    assert [token.dead for token in desk.site.oauth.tokens.refresh.values()] == ["revoked"]
    assert desk.accounts()["work"]["signed_in"] is False
    assert "was not signed in" in desk.shell("logout", "work").out


def test_a_sign_in_that_google_forgot_already_is_simply_removed(desk: Desk) -> None:
    desk.configure()
    desk.login()
    desk.site.oauth.tokens.refresh.clear()
    desk.site.oauth.tokens.access.clear()
    assert desk.shell("logout", "work").code == 0 and not desk.accounts()["work"]["signed_in"]


def test_signing_out_without_a_network_removes_the_tokens_and_says_what_is_left_to_do(desk: Desk) -> None:
    desk.configure()
    desk.login()
    desk.patch.setattr("calsync_cli.auth.google.endpoint.PAUSES_S", ())
    desk.patch.setenv("CALSYNC_ACCOUNTS__WORK__TOKEN_URL", "http://127.0.0.1:9/token")
    said = desk.shell("logout", "work")
    assert said.code == 1 and "is removed" in said.out
    assert "could not be told" in said.err and "myaccount.google.com/connections" in said.err
    desk.check_silence(said.out + said.err)
    assert desk.accounts()["work"]["signed_in"] is False


# -- what is shown of a login ------------------------------------------------------------------------------------------


def test_accounts_tell_what_is_wrong_and_what_to_type(desk: Desk) -> None:
    desk.configure()
    assert desk.shell("accounts").code == 5
    assert desk.accounts()["work"]["problem"] == "not signed in; calsync login work"
    desk.login()
    assert desk.shell("accounts").code == 0
    desk.patch.setenv("CALSYNC_ACCOUNTS__WORK__ACCESS", "create")
    problem = str(desk.accounts()["work"]["problem"])
    assert "calendar.calendars" in problem and "calsync login work" in problem
    assert "calendar.calendars" in desk.shell("status").out


# -- as processes of their own -----------------------------------------------------------------------------------------

VISIT = """
import os, pathlib, sys, httpx
seen = pathlib.Path("/proc/%d/cmdline" % os.getppid()).read_bytes() + " ".join(sys.argv).encode()
pathlib.Path(sys.argv[1]).write_bytes(seen)
print(httpx.get(sys.argv[2], follow_redirects=True, trust_env=False).status_code)
"""


def _start(desk: Desk, *words: str, **environ: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "calsync_cli", "-c", str(desk.shell.config), "--state-dir", str(desk.shell.state)]
    known = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
    return subprocess.Popen(
        [*command, *words], env={**known, **environ}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=_heard,
    )


def _heard() -> None:
    """A suite in the background hands down that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end(process: subprocess.Popen[str], typed: str | None = None) -> Said:
    out, err = process.communicate(typed, timeout=60)
    return Said(process.returncode, out, err)


def test_a_real_process_with_a_browser_shows_no_secret_to_anybody_who_looks(desk: Desk) -> None:
    """ps, -vv, the log, and a browser that is a process of its own."""
    desk.configure()
    script = desk.shell.folder / "visit.py"
    script.write_text(VISIT)
    process = _start(desk, "-vv", "login", "work", BROWSER=f"{sys.executable} {script} {desk.shell.folder / 'ps'} %s")
    said = _end(process, "")
    assert said.code == 0, said.err
    seen = (desk.shell.folder / "ps").read_text()
    assert "code_challenge" in seen
    desk.check_silence(said.out + said.err + seen)


def _page_of(process: subprocess.Popen[str]) -> str:
    """The address that the person is to open elsewhere, when all was said that is said before."""
    assert process.stdout is not None and process.stderr is not None
    said: list[str] = []
    while not (said and said[-1].startswith("  ssh -L")):
        said.append(process.stdout.readline())
        assert said[-1], process.stderr.read()
    return next(line.strip() for line in said if line.startswith("  http"))


def _consent(url: str) -> str:
    """What stands in the address bar afterwards, in a browser on another machine."""
    return httpx.get(url, trust_env=False).headers["Location"]


@pytest.mark.parametrize("paste", ["address", "query", "code"])
def test_a_machine_without_a_browser_takes_what_a_person_pastes(desk: Desk, paste: str) -> None:
    desk.configure()
    process = _start(desk, "login", "work", "--no-browser")
    address = _consent(_page_of(process))
    query = urlsplit(address).query
    typed = {"address": address, "query": f"?{query}", "code": parse_qs(query)["code"][0]}[paste]
    said = _end(process, f"what?\n\n{address.replace('state=', 'state=0')}\n{typed}\n")
    assert said.code == 0, said.out + said.err
    assert said.out.count("That did not work") == 2
    desk.check_silence(said.out + said.err)


def test_over_ssh_the_page_itself_may_answer_while_nothing_is_typed(desk: Desk) -> None:
    """ssh -L makes the receiver's port reachable from the machine with the browser."""
    desk.configure()
    process = _start(desk, "login", "work", "--no-browser")
    assert httpx.get(_page_of(process), follow_redirects=True, trust_env=False).status_code == 200
    assert process.wait(30) == 0  # and does not wait for standard input
    _end(process)


def test_in_a_real_terminal_the_address_is_pasted_behind_what_was_said(desk: Desk) -> None:
    desk.configure()
    with Terminal(desk.shell, "login", "work", "--no-browser") as term:
        page = term.see("When you have agreed").split()[-5]
        term.see("ssh -L")
        term.type("yes?")
        term.see("Paste the whole address again:")
        term.type(_consent(page))
        term.see("signed in to work as ann@gmail.example")
        assert term.end() == 0


def test_a_pasted_refusal_and_the_end_of_the_input(desk: Desk) -> None:
    desk.configure()
    desk.site.oauth.auto_denies = True
    process = _start(desk, "login", "work", "--no-browser")
    said = _end(process, _consent(_page_of(process)) + "\n")
    assert said.code == 5 and "nothing was allowed" in said.err


def test_without_a_screen_the_address_is_shown_without_being_asked_for(desk: Desk) -> None:
    desk.configure()
    process = _start(desk, "login", "work")
    address = _consent(_page_of(process))
    said = _end(process, address + "\n")
    assert said.code == 0, said.err


def test_ctrl_c_while_waiting_ends_at_once(desk: Desk) -> None:
    desk.configure()
    process = _start(desk, "login", "work", "--no-browser")
    _page_of(process)
    process.send_signal(signal.SIGINT)
    assert _end(process).code == 130 and not desk.stored


def test_a_run_needs_none_of_the_libraries_that_only_sign_in(desk: Desk) -> None:
    signs_in = "'google', 'oauthlib', 'requests', 'webbrowser', 'http.server', 'keyring', 'typer'"
    for module, heavy in (("token", signs_in), ("problems", f"{signs_in}, 'httpx', 'cryptography'")):
        script = f"import sys; import calsync_cli.auth.google.{module}\n"
        script += f"print([name for name in sys.modules if name.startswith(({heavy}))])"
        assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
