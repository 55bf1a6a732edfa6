"""Signing in to Microsoft accounts, as whole commands against an authority over TLS (issue 4, item 1)."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from calsync_cli.auth.microsoft import page
from calsync_cli.auth.microsoft.grant import Grant, parse
from calsync_cli.auth.microsoft.refusals import ROWS
from calsync_cli.cli.microsoft_login import WHERE_ALLOWED
from calsync_cli.config import windows
from calsync_cli.config.secrets import FileStore
from calsync_cli.model.account import IN_WINDOWS
from tests.cli import chromium
from tests.cli.program import Said, Shell
from tests.emulators.graph import ANN
from tests.emulators.graph.aadsts import REFUSALS
from tests.emulators.graph.person import BOB
from tests.emulators.graph.wire import Reply
from tests.unit.auth.microsoft_site import DISCOVERY, TOKEN, Site, microsoft_site, told

PAGE = Path(__file__).parents[2] / "docs" / "microsoft.md"
HEAD = '[secrets]\nbackend = "file"\n'
DEVICE = "devicecode"


class Desk:
    """A person with a browser that agrees to everything, unless told otherwise."""

    def __init__(self, shell: Shell, site: Site, patch: pytest.MonkeyPatch) -> None:
        self.shell, self.site, self.patch, self.g = shell, site, patch, site.g
        self.seen: list[str] = []
        patch.setenv("CALSYNC_SECRET_KEY", "key")
        patch.setenv("BROWSER", "in this test")
        patch.setattr("webbrowser.open", self._visit)
        shell.config.write_text(HEAD)

    def _visit(self, url: str) -> bool:
        self.seen.append(url)
        return self.site.person.open(url)

    @property
    def page(self) -> dict[str, str]:
        """What the last page was asked."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.seen[-1]).query).items()}

    def configure(self, name: str = "office", *lines: str, client: bool = True) -> None:
        known = [self.site.client] if client else []
        self.shell.config.write_text(self.shell.config.read_text() + self.site.config(name, *known, *lines))

    def login(self, name: str = "office", *words: str) -> Said:
        said = self.shell("login", name, *words)
        self.check_silence(said.out + said.err)
        return said

    def by_code(self, name: str = "office", *words: str) -> Said:
        """Without a browser here."""
        self.patch.setattr("time.sleep", lambda s: None)
        return self.login(name, "--no-browser", *words)

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

    @property
    def store(self) -> FileStore:
        return FileStore(self.shell.state / "secrets.json", lambda: "key")

    def kept(self, name: str = "office") -> Grant:
        found = parse(self.store.get(name))
        assert found is not None
        return found


@pytest.fixture
def site() -> Iterator[Site]:
    with microsoft_site() as running:
        yield running


@pytest.fixture
def desk(shell: Shell, site: Site, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(shell, site, monkeypatch)


# -- it works ----------------------------------------------------------------------------------------------------------


def test_the_word_microsoft_makes_the_account_signs_in_and_tries_it_at_once(desk: Desk) -> None:
    lines = dict(line.split(" = ") for line in desk.site.config("m").splitlines()[1:] if line)
    for key, value in lines.items():
        desk.patch.setenv(f"CALSYNC_ACCOUNTS__MICROSOFT__{key.upper()}", value.strip('"'))
    said = desk.login("microsoft", "--client-id", desk.g.client_id, "--tenant", "organizations")
    assert said.code == 0, said.err
    assert "signed in to microsoft as ann@contoso.example (work or school account)" in said.out
    assert "microsoft/Calendar\n" in said.out and "(read-only)" in said.out
    assert desk.config["microsoft"] == {
        "client_id": desk.g.client_id, "tenant": "organizations", "username": "ann@contoso.example",
    }
    assert stat.S_IMODE((desk.shell.state / "secrets.json").stat().st_mode) == 0o600
    state = desk.accounts()["microsoft"]
    assert (state["signed_in"], state["problem"], state["username"]) == (True, None, "ann@contoso.example")
    assert desk.shell("calendars", "microsoft").code == 0
    asked = [one for one in desk.g.emulator.log if one["path"].startswith("/v1.0/me/calendars")]
    assert asked and all('IdType="ImmutableId"' in one["headers"]["prefer"] for one in asked)


def test_without_any_account_in_the_configuration_one_is_written(desk: Desk) -> None:
    desk.patch.setattr("calsync_cli.auth.microsoft.authority.GLOBAL", desk.g.login.url)
    for module in ("client", "provider"):
        desk.patch.setattr(f"calsync_cli.providers.graph.{module}.ROOT", desk.g.graph_url, raising=False)
    desk.patch.setenv("SSL_CERT_FILE", str(desk.g.ca_file))
    said = desk.login("microsoft", "--client-id", desk.g.client_id.upper())
    assert said.code == 0, said.err
    assert desk.config["microsoft"] == {
        "provider": "microsoft", "client_id": desk.g.client_id, "username": "ann@contoso.example",
    }
    assert desk.shell("config", "check").code == 0


def test_the_page_is_asked_for_as_little_as_needed_with_pkce_and_a_loopback_address(desk: Desk) -> None:
    write, read = "Calendars.ReadWrite", "Calendars.Read"
    for access, scope in (("write", write), ("read", read), ("create", write)):
        desk.configure(access, f'access = "{access}"')
        assert desk.login(access).code == 0
        asked = desk.page
        assert set(asked["scope"].split()) == {scope, "offline_access", "openid", "profile"}
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        assert asked["prompt"] == "select_account" and asked["response_mode"] == "form_post"
        assert len(asked["state"]) == 32 and asked["nonce"] and '"CP1"' in asked["claims"]
        assert re.fullmatch(r"http://localhost:\d+", asked["redirect_uri"]) and "login_hint" not in asked
    assert len({parse_qs(urlsplit(url).query)["state"][0] for url in desk.seen}) == 3


@pytest.mark.parametrize(
    ("user", "tenant", "goes"),
    [
        (ANN, "common", True), (BOB, "common", True), (ANN, "organizations", True), (BOB, "organizations", False),
        (ANN, "consumers", False), (BOB, "consumers", True), (ANN, ANN.tid, True), (BOB, ANN.tid, False),
    ],
)
def test_work_and_personal_accounts_sign_in_where_the_tenant_lets_them(
    desk: Desk, user: object, tenant: str, goes: bool
) -> None:
    person = BOB if user is BOB else ANN
    desk.configure("office", f'tenant = "{tenant}"')
    desk.site.person.account = person.address
    said = desk.login()
    assert f"/{tenant}/oauth2/v2.0/authorize" in desk.seen[0]
    if goes:
        assert said.code == 0, said.err
        assert f"as {person.address} ({'personal' if person is BOB else 'work or school'} account)" in said.out
        assert desk.kept().home_account_id == f"{person.oid}.{person.tid}"
    else:
        assert said.code == 5 and f'tenant "{tenant}"' in said.err and "common" in said.err and not desk.stored


def test_the_tenant_may_stand_behind_the_authority_as_well(desk: Desk) -> None:
    desk.configure()
    url = desk.g.login.url
    desk.shell.config.write_text(desk.shell.config.read_text().replace(url, f"{url}/consumers"))
    desk.site.person.account = BOB.address
    assert desk.login().code == 0 and "/consumers/oauth2" in desk.seen[0]
    assert desk.login("office", "--tenant", "common").code == 0 and "/common/oauth2" in desk.seen[1]
    assert desk.config["office"]["tenant"] == "common"


def test_several_accounts_live_side_by_side(desk: Desk) -> None:
    desk.configure("office")
    desk.configure("club", f'username = "{BOB.address}"')
    assert desk.login("office").code == desk.login("club").code == 0
    found = desk.accounts()
    assert {name: row["username"] for name, row in found.items()} == {"office": ANN.address, "club": BOB.address}
    assert desk.page["login_hint"] == BOB.address and desk.page["prompt"] == "select_account"
    assert "login_hint" not in desk.seen[0]
    assert desk.shell("calendars", "office").code == desk.shell("calendars", "club").code == 0
    assert desk.shell("logout", "office").code == 0
    found = desk.accounts()
    assert (found["office"]["signed_in"], found["club"]["signed_in"]) == (False, True)
    assert desk.shell("calendars", "club").code == 0


def test_signing_in_again_needs_no_options_and_replaces_what_was_stored(desk: Desk) -> None:
    desk.configure()
    assert desk.login().code == 0
    first = desk.kept()
    assert desk.login().code == 0
    assert desk.kept().cache != first.cache and desk.kept().home_account_id == first.home_account_id
    assert desk.config["office"]["username"] == ANN.address


def test_a_person_whose_address_was_changed_is_still_the_same_person(desk: Desk) -> None:
    desk.configure()
    assert desk.login().code == 0
    desk.g.box.user = replace(desk.g.box.user, address="ann.new@contoso.example")
    said = desk.login()
    assert said.code == 0, said.err
    assert desk.config["office"]["username"] == "ann.new@contoso.example"


def test_the_steps_that_messages_name_are_those_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    steps = dict(re.findall(r"^(\d)\. (.*?)(?=^\d\. |^$)", text, re.M | re.S))
    assert "personal Microsoft accounts" in steps["3"] and "http://localhost" in steps["4"]
    assert "Mobile and desktop" in steps["4"] and "public client flows" in steps["5"]
    assert "Calendars.ReadWrite" in steps["6"] and "client) ID" in steps["7"] and "Sign in" in steps["8"]
    for code in (50011, 700016, 50194, 90094):
        assert f"AADSTS{code}" in text
    assert {int(code) for code in re.findall(r"AADSTS(\d+)", text)} <= ROWS.keys()


def test_what_the_page_says_of_windows_is_so() -> None:
    """And of the pages that `logout` names."""
    text = PAGE.read_text(encoding="utf-8")
    assert (IN_WINDOWS.past, IN_WINDOWS.future) == (timedelta(days=365), timedelta(days=730))
    assert "one year back and two ahead" in text and f"{windows.LONGEST.days:,} days together" in text
    for url in (*WHERE_ALLOWED.values(), "https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0"):
        assert url in text, url


def test_strangers_who_knock_first_are_ignored(desk: Desk) -> None:
    desk.configure()

    def knock(url: str) -> bool:
        here = parse_qs(urlsplit(url).query)["redirect_uri"][0].replace("localhost", "127.0.0.1")
        forms = ({"state": "0" * 32, "code": "stolen"}, {"error": "access_denied"}, {"code": "stolen"}, {})
        codes = [httpx.post(here, data=form, trust_env=False).status_code for form in forms]
        codes.append(httpx.get(f"{here}?code=stolen", trust_env=False).status_code)
        codes.append(httpx.get(f"{here}/favicon.ico", trust_env=False).status_code)
        assert codes == [400, 400, 400, 400, 404, 404]
        return desk._visit(url)

    desk.patch.setattr("webbrowser.open", knock)
    said = desk.login()
    assert said.code == 0 and said.out.count("ignored: this answer") == 4


# -- a code that is entered elsewhere ----------------------------------------------------------------------------------


class Phone:
    """A person who opens the address that was printed and enters the code that was printed."""

    def __init__(self, desk: Desk, press: str = "allow", account: str = ANN.address) -> None:
        self.desk, self.press, self.account = desk, press, account
        self.web = httpx.Client(verify=desk.g.client_context(), trust_env=False)

    def use(self, shown: str) -> None:
        lines = [line.strip() for line in shown.splitlines() if line.startswith("  ")]
        address, code = lines[-2], lines[-1]
        assert "user_code" in self.web.get(address).text
        form = {"user_code": code, "do": self.press, "account": self.account}
        assert self.web.post(address, data=form).status_code == 200


def _typed(desk: Desk, phone: Phone, *words: str) -> Said:
    process = _start(desk, "login", "office", *words)
    assert process.stdout is not None
    shown = ""
    while "enter this code" not in shown or shown.count("\n\n  ") < 2 or not shown.endswith("\n\n"):
        line = process.stdout.readline()
        assert line, process.communicate()
        shown += line
    phone.use(shown)
    said = _end(process)
    return Said(said.code, shown + said.out, said.err)


@pytest.mark.parametrize("words", [("--no-browser",), ()])
def test_a_machine_without_a_browser_shows_a_code_for_another_one(desk: Desk, words: tuple[str, ...]) -> None:
    desk.configure()
    said = _typed(desk, Phone(desk), *words)
    assert said.code == 0, said.err
    assert f"{desk.g.login.url}/devicelogin" in said.out and "good for 15 minutes" in said.out
    assert "signed in to office as ann@contoso.example" in said.out
    assert ("No browser can be opened here" in said.out) == (not words)
    desk.check_silence(said.out + said.err)


def test_a_personal_account_signs_in_by_a_code(desk: Desk) -> None:
    desk.configure()
    said = _typed(desk, Phone(desk, account=BOB.address), "--no-browser")
    assert said.code == 0 and "bob@outlook.example (personal account)" in said.out


def test_a_code_that_is_declined_or_not_used_is_told(desk: Desk) -> None:
    desk.configure()
    for outcome, words in (("decline", "told no on its page"), ("expire", "a code is good for 15 minutes")):
        desk.g.change(knobs={"device_outcome": outcome})
        said = desk.by_code()
        assert said.code == 5 and words in said.err and "next: calsync login office" in said.err and not desk.stored


def test_a_code_is_asked_about_as_slowly_as_told_and_survives_a_network_that_is_gone_for_a_while(desk: Desk) -> None:
    desk.configure()
    desk.g.change(knobs={"device_outcome": "approve", "device_slow_down": 2, "device_pending": 2})
    desk.site.answers += [(TOKEN, told(b"", 503)), (TOKEN, Reply(200, b"", cut="before"))] * 4
    slept: list[float] = []
    desk.patch.setattr("calsync_cli.ports.time.sleep", slept.append)
    said = desk.login("office", "--no-browser")
    assert said.code == 0, said.err
    assert 6.0 in slept and 11.0 in slept


def test_a_code_that_nobody_enters_ends_by_itself(desk: Desk) -> None:
    desk.configure()
    desk.site.answers.append((DEVICE, told({
        "user_code": "ABCD", "device_code": "x", "verification_uri": "https://m.example/", "expires_in": 3,
        "interval": 1,
    })))
    desk.site.answers += [(TOKEN, told({"error": "authorization_pending"}, 400))] * 9
    said = desk.login("office", "--no-browser")
    assert said.code == 5 and "start again" in said.err and not desk.stored


@pytest.mark.parametrize("answer", [
    told({}), told([]), told(b"<html>"), told({"user_code": 3, "verification_uri": "x", "device_code": "y"}),
    told({"user_code": "A", "verification_uri": "x", "device_code": "y", "interval": "soon"}), told(b"", 302),
])
def test_a_service_that_gives_no_code_is_told(desk: Desk, answer: Reply) -> None:
    desk.configure()
    desk.site.answers.append((DEVICE, answer))
    said = desk.by_code()
    assert said.code == 1 and "does not answer like Microsoft" in said.err


# -- it is refused -----------------------------------------------------------------------------------------------------


def test_a_person_who_says_no_is_understood(desk: Desk) -> None:
    desk.configure()
    desk.site.person.press = "cancel"
    said = desk.login()
    assert said.code == 5 and "told no on its page" in said.err and "AADSTS65004" in said.err
    assert "next: calsync login office" in said.err and not desk.stored and "username" not in desk.config["office"]


def test_an_administrator_who_must_agree_first_is_told_with_all_ways_out(desk: Desk) -> None:
    desk.configure()
    desk.g.change(knobs={"consent": "admin"})
    said = desk.login()
    assert said.code == 5 and not desk.stored
    for words in ("administrator", desk.g.client_id, "registered in that organisation", "ICS address", "next: calsync"):
        assert words in said.err


def test_a_right_that_was_not_granted_is_named_and_nothing_is_stored(desk: Desk) -> None:
    desk.configure()
    desk.g.change(knobs={"scope_missing": ["Calendars.ReadWrite"]})
    said = desk.login()
    assert said.code == 5 and "Have full access to your calendars" in said.err and "step 6" in said.err
    assert not desk.stored


def test_rights_may_be_spelt_long(desk: Desk) -> None:
    desk.configure()
    desk.g.change(knobs={"scope_form": "long"})
    assert desk.login().code == 0 and "Calendars.ReadWrite" in desk.kept().scopes


def test_another_person_cannot_take_over_an_account_by_mistake(desk: Desk) -> None:
    """The whole calendar would look deleted. Whose it is says home_account_id (facts 1.3)."""
    desk.configure()
    assert desk.login().code == 0
    before = desk.kept()
    desk.site.person.account = BOB.address
    said = desk.login()
    assert said.code == 2 and "bob@outlook.example signed in" in said.err and "ann@contoso.example" in said.err
    assert "nothing was changed" in said.err and "--username bob@outlook.example" in said.err
    assert desk.kept() == before and desk.config["office"]["username"] == ANN.address
    assert desk.login("office", "--username", "eve@contoso.example").code == 2 and desk.kept() == before
    assert desk.login("office", "--username", BOB.address).code == 0
    assert desk.kept().home_account_id.startswith(BOB.oid) and desk.config["office"]["username"] == BOB.address


def test_after_signing_out_the_address_still_says_whose_account_it_is(desk: Desk) -> None:
    desk.configure()
    assert desk.login().code == desk.shell("logout", "office").code == 0
    desk.site.person.account = BOB.address
    said = desk.login()
    assert said.code == 2 and "is the account of ann@contoso.example" in said.err


def test_two_accounts_of_one_address_are_not_confused(desk: Desk) -> None:
    """An address may have a personal account beside the one at work."""
    desk.configure()
    assert desk.login().code == 0
    twin = desk.g.emulator.world.mailboxes[1]
    twin.user = replace(twin.user, address=ANN.address.upper())
    desk.patch.setattr(desk.g.emulator.world, "mailbox", lambda address: twin)
    for words in ((), ("--username", ANN.address)):
        said = desk.login("office", *words)
        assert said.code == 2 and "another account (personal)" in said.err and "calsync logout office" in said.err
    assert desk.kept().kind == "work or school"


WRONG_IDS = ["c", "00000000-0000-0000-0000-00000000000", "https://x.example/", "00000000-0000-0000-0000-00000000000g"]


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_an_application_id_that_cannot_be_is_told_before_anything_is_sent(desk: Desk, wrong: str) -> None:
    desk.configure("office", client=False)
    said = desk.login("office", "--client-id", wrong)
    assert said.code == 2 and "is no application id" in said.err and "nothing was sent" in said.err and desk.seen == []
    desk.configure("other", f'client_id = "{wrong}"', client=False)
    assert "accounts.other.client_id" in desk.shell("config", "check").err + desk.shell("config", "check").out


@pytest.mark.parametrize("wrong", ["a/b", "..", "?", "x y", "common/"])
def test_a_tenant_that_would_be_another_address_is_told(desk: Desk, wrong: str) -> None:
    desk.configure()
    said = desk.login("office", "--tenant", wrong)
    assert said.code == 2 and "is no tenant" in said.err and desk.seen == []


@pytest.mark.parametrize("wrong", ["http://127.0.0.1:9/", "https://h/a/b", "https://h/?x", "ftp://h/", "https://h/%2e"])
def test_an_authority_that_cannot_be_is_told(desk: Desk, wrong: str) -> None:
    desk.shell.config.write_text(HEAD + f'[accounts.m]\nprovider = "microsoft"\nauthority = "{wrong}"\n')
    said = desk.shell("config", "check")
    assert said.code == 2 and "accounts.m.authority" in said.err + said.out


def test_an_account_without_an_application_id_is_told_what_to_do(desk: Desk) -> None:
    said = desk.login("microsoft")
    assert said.code == 2 and "no client id" in said.err
    assert "docs/microsoft.md" in said.err and "--client-id ID" in said.err
    desk.configure("office", client=False)
    assert "calsync login office --client-id ID" in desk.login("office").err
    assert desk.login("office", "--client-id", desk.g.client_id).code == 0
    assert desk.config["office"]["client_id"] == desk.g.client_id
    assert desk.login("office").code == 0


def test_options_of_other_accounts_are_told(desk: Desk) -> None:
    desk.configure()
    for option in ("--url", "--client-file"):
        assert f"{option} is for" in desk.login("office", option, "https://x.org/").err
    assert "--client-id is for microsoft accounts" in desk.login("google", "--client-id", "x").err
    assert "--tenant is for microsoft" in desk.login("caldav", "--url", "https://x.org/", "--tenant", "x").err


CODES = sorted(set(ROWS) & set(REFUSALS) - {90024, 90033})
WAYS = ("authorize", "authorization_code", DEVICE)


@pytest.mark.parametrize(("code", "way"), [(code, WAYS[n % 3]) for n, code in enumerate(CODES)])
def test_every_refusal_is_told_with_the_next_command(desk: Desk, code: int, way: str) -> None:
    """Facts 1.6: on the way back from the page, when the code is exchanged, and when a code is entered elsewhere."""
    desk.configure()
    desk.g.change(refuse=[{"code": code, "grant": way}])
    said = desk.by_code() if way == DEVICE else desk.login()
    wrong = ROWS[code].key
    assert said.code == (2 if wrong else 5), said.err
    assert f"[AADSTS{code}]" in said.err and "next: calsync " in said.err and "{" not in said.err
    assert not wrong or f"accounts.office.{wrong}" in said.err
    assert not desk.stored


@pytest.mark.parametrize("code", [53003, 53000, 50097])
def test_a_code_that_the_organisation_bars_names_the_browser_as_a_way_out(desk: Desk, code: int) -> None:
    desk.configure()
    desk.g.change(refuse=[{"code": code, "grant": "urn:ietf:params:oauth:grant-type:device_code"}])
    said = desk.by_code()
    assert said.code == 5 and "without --no-browser" in said.err
    desk.g.change(refuse=[{"code": code, "grant": "authorization_code"}])
    assert "--no-browser" not in desk.login().err


def test_a_service_in_trouble_is_asked_again_and_then_left_for_later(desk: Desk) -> None:
    desk.configure()
    desk.patch.setattr("calsync_cli.ports.time.sleep", lambda s: None)
    desk.g.change(refuse=[{"code": 90033, "grant": "authorization_code"}])
    assert desk.login().code == 0
    desk.g.change(refuse=[{"code": 90024, "grant": "authorization_code", "times": 5}])
    said = desk.login()
    assert said.code == 1 and "cannot sign anybody in just now (temporarily_unavailable)" in said.err


def test_a_tenant_that_does_not_exist_is_told(desk: Desk) -> None:
    """The service says so where its addresses are asked for."""
    desk.configure("office", 'tenant = "nowhere.example"')
    text = "AADSTS90002: Tenant 'nowhere.example' not found. Trace ID: 1"
    no = {"error": "invalid_tenant", "error_description": text, "error_codes": [90002]}
    desk.site.answers.append((DISCOVERY, told(no, 400)))
    said = desk.login()
    assert said.code == 2 and 'knows no organisation "nowhere.example"' in said.err and desk.seen == []
    assert "accounts.office.tenant" in said.err


@pytest.mark.parametrize("answer", [
    told(b"<html>proxy</html>"), told(b"<html>", 407), told({}, 404), told([]), told(b"", 302, Location="https://x/"),
    told({"authorization_endpoint": "http://x/", "token_endpoint": "https://x/y"}), told({"token_endpoint": 3}),
    told({"authorization_endpoint": "https://x/", "token_endpoint": "http://127.0.0.1/y"}), told(b"[" * 100_000),
])
def test_an_address_that_is_no_sign_in_service_is_told(desk: Desk, answer: Reply) -> None:
    desk.configure()
    desk.site.answers.append((DISCOVERY, answer))
    said = desk.login()
    assert said.code == 1 and desk.seen == [] and not desk.stored
    assert "does not answer like Microsoft" in said.err or "without encryption" in said.err, said.err


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (told(b"<html>proxy</html>"), 1, "does not answer like"), (told(b"", 302), 1, "does not answer like"),
        (told({"access_token": 3, "refresh_token": "r"}), 1, "does not say whose"),
        (told({"error": "what", "error_description": "is \x1b[2J this"}, 400), 5, "(what: is [2J this)"),
        (told({"error": "invalid_grant", "error_codes": "x"}, 400), 5, "no longer accepts"),
        (told({"error": "invalid_client"}, 401), 2, "refuses the application"),
        (told({"error": "invalid_grant", "suberror": "consent_required"}, 400), 5, "has no consent"),
        *((told(body), 1, "does not answer like") for body in (
            b"[]", b"null", b'{"error": null}', b"[" * 100_000, b'"x"', b'{"id_token": "a.b.c", "access_token": "x"}',
        )),
    ],
)
def test_a_token_answer_that_makes_no_sense_is_told(desk: Desk, answer: Reply, code: int, words: str) -> None:
    desk.configure()
    desk.site.answers.append((TOKEN, answer))
    said = desk.login()
    assert said.code == code and words in said.err and "\x1b" not in said.err and not desk.stored, said.err


def test_no_network_is_told_as_that(desk: Desk) -> None:
    desk.configure()
    desk.patch.setattr("calsync_cli.ports.time.sleep", lambda s: None)
    desk.g.login.close()
    try:
        said = desk.login()
    finally:
        desk.g.login.open(desk.g.login.port)
    assert said.code == 1 and "cannot be reached" in said.err and desk.seen == []


def test_a_certificate_that_is_not_trusted_is_told(desk: Desk) -> None:
    desk.configure()
    desk.patch.setattr("calsync_cli.ports.time.sleep", lambda s: None)
    text = desk.shell.config.read_text()
    desk.shell.config.write_text(re.sub(r"ca_file = .*\n", "", text))
    desk.patch.delenv("SSL_CERT_FILE", raising=False)
    said = desk.login()
    assert said.code == 1 and "its certificate is not trusted" in said.err and "ca_file" in said.err


def test_a_bundle_of_the_environment_does_not_replace_the_accounts_own(desk: Desk) -> None:
    """MSAL's own HTTP client would prefer it."""
    desk.configure()
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        desk.patch.setenv(name, "/nowhere.pem")
    assert desk.login().code == 0


def test_an_answer_to_another_sign_in_is_refused(desk: Desk) -> None:
    """The nonce of the id token is another than was asked for."""
    desk.configure()
    desk.g.change(knobs={"wrong_nonce": True})
    said = desk.login()
    assert said.code == 1 and "does not answer like Microsoft" in said.err and not desk.stored


def _graph(status: int, code: str) -> dict[str, object]:
    return {"name": "status", "status": status, "code": code, "times": 0, "path": "calendars"}


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (_graph(401, "InvalidAuthenticationToken"), 5, "refuses the sign-in"),
        (_graph(403, "ErrorAccessDenied"), 5, "may not be read"),
        (_graph(403, "MailboxNotEnabledForRESTAPI"), 5, "no mailbox"),
        (_graph(404, "MailboxNotEnabledForRESTAPI"), 5, "no mailbox"),
        (_graph(503, "ErrorServerBusy"), 1, "too busy"),
    ],
)
def test_what_the_list_of_calendars_says_of_an_account_is_told(
    desk: Desk, fault: dict[str, object], code: int, words: str
) -> None:
    desk.configure()
    desk.patch.setattr("calsync_cli.ports.time.sleep", lambda s: None)
    desk.g.change(faults=[fault])
    said = desk.login()
    assert said.code == code and words in said.err and "next:" in said.err + "next:" * (code == 1), said.err
    assert not desk.stored


def test_a_page_that_nobody_answers_ends_with_words(desk: Desk) -> None:
    desk.configure()
    desk.g.change(knobs={"consent": "silent"})
    desk.patch.setattr(page, "WAIT_S", 0.5)
    said = desk.login()
    assert said.code == 5 and "gave no answer within" in said.err and "AADSTS50011" in said.err and not desk.stored


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


# -- signing out and looking -------------------------------------------------------------------------------------------


def test_signing_out_forgets_and_says_where_microsoft_forgets(desk: Desk) -> None:
    desk.configure("office")
    desk.configure("club", f'username = "{BOB.address}"')
    desk.login("office")
    desk.login("club")
    asked = len(desk.g.emulator.sign_in.log)
    said = desk.shell("logout", "office")
    assert said.code == 0 and "is removed" in said.out and "not touched" in said.out
    assert "https://myapps.microsoft.com" in said.out and "Sign out everywhere" in said.out
    said = desk.shell("logout", "club")
    assert "https://account.live.com/consent/Manage" in said.out and "everywhere" not in said.out
    assert not any(row["signed_in"] for row in desk.accounts().values())
    assert desk.store.get("office") is None and len(desk.g.emulator.sign_in.log) == asked
    assert "was not signed in" in desk.shell("logout", "office").out


def test_accounts_tell_what_is_wrong_and_what_to_type(desk: Desk) -> None:
    desk.configure()
    assert desk.shell("accounts").code == 5
    assert desk.accounts()["office"]["problem"] == "not signed in; calsync login office"
    desk.login()
    said = desk.shell("accounts")
    assert said.code == 0 and "ok, as ann@contoso.example, until " in said.out
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(desk.accounts()["office"]["expires"]))
    desk.patch.setenv("CALSYNC_ACCOUNTS__OFFICE__CLIENT_ID", "00000000-0000-0000-0000-000000000000")
    problem = str(desk.accounts()["office"]["problem"])
    assert "another client_id" in problem and "calsync login office" in problem
    assert "another client_id" in desk.shell("status").out
    said = desk.shell("calendars", "office")
    assert said.code == 5 and "another client_id" in said.err and "next: calsync login office" in said.err


def test_a_sign_in_for_reading_does_not_do_for_writing(desk: Desk) -> None:
    desk.configure("office", 'access = "read"')
    assert desk.login().code == 0
    desk.patch.setenv("CALSYNC_ACCOUNTS__OFFICE__ACCESS", "write")
    assert "Have full access to your calendars" in str(desk.accounts()["office"]["problem"])


def test_a_sign_in_that_died_is_told_and_the_other_accounts_go_on(desk: Desk) -> None:
    desk.configure("office")
    desk.configure("club", f'username = "{BOB.address}"')
    desk.login("office")
    desk.login("club")
    desk.g.change(revoke=ANN.address)
    said = desk.shell("calendars")
    assert said.code == 5 and "club/Calendar" in said.out and "office/" not in said.out
    assert "no longer accepts the sign-in of office (ann@contoso.example)" in said.err and "AADSTS50173" in said.err
    assert "next: calsync login office" in said.err
    desk.check_silence(said.out + said.err)
    found = desk.accounts()
    assert found["club"]["signed_in"] and "AADSTS50173" in str(found["office"]["problem"])
    assert "AADSTS50173" in desk.shell("status").out
    said = desk.shell("doctor", "--json")
    assert [row["ok"] for row in said.json if row["check"].startswith("account ")] == [False, True]
    assert desk.login("office").code == 0 and desk.shell("calendars").code == 0


def test_what_microsoft_wants_to_be_proved_is_asked_for_at_the_next_sign_in(desk: Desk) -> None:
    """A second proof, by the claims of the refusal (facts 1.6)."""
    desk.configure()
    desk.login()
    desk.g.change(expire_access_tokens=True, refuse=[{"code": 50076, "grant": "refresh_token"}])
    said = desk.shell("calendars", "office")
    assert said.code == 5 and "second proof" in said.err and "AADSTS50076" in said.err
    assert desk.login().code == 0 and "capolids" in desk.page["claims"] and "CP1" in desk.page["claims"]
    assert desk.login().code == 0 and "capolids" not in desk.page["claims"]


# -- as processes of their own -----------------------------------------------------------------------------------------

VISIT = """
import os, pathlib, re, ssl, sys, httpx
seen = pathlib.Path("/proc/%d/cmdline" % os.getppid()).read_bytes() + " ".join(sys.argv).encode()
pathlib.Path(sys.argv[1]).write_bytes(seen)
web = httpx.Client(verify=ssl.create_default_context(cafile=sys.argv[2]), trust_env=False)
answer = web.get(sys.argv[3])
for _ in range(2):
    action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)[1]
    fields = dict(re.findall(r'<input type=hidden name="([^"]+)" value="([^"]*)"', answer.text)) | {"do": "allow"}
    answer = web.post(str(answer.url.join(action)), data=fields)
print(answer.status_code)
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


def _end(process: subprocess.Popen[str]) -> Said:
    out, err = process.communicate("", timeout=60)
    return Said(process.returncode, out, err)


def test_a_real_process_with_a_browser_shows_no_secret_to_anybody_who_looks(desk: Desk) -> None:
    """ps, -vv, the log, and a browser that is a process of its own."""
    desk.configure()
    script = desk.shell.folder / "visit.py"
    script.write_text(VISIT)
    browser = f"{sys.executable} {script} {desk.shell.folder / 'ps'} {desk.g.ca_file} %s"
    said = _end(_start(desk, "-vv", "login", "office", BROWSER=browser))
    assert said.code == 0, said.err
    seen = (desk.shell.folder / "ps").read_text()
    assert "code_challenge" in seen
    desk.check_silence(said.out + said.err + seen)


def test_a_token_that_is_refused_is_renewed_in_silence_with_all_that_is_logged(desk: Desk) -> None:
    desk.configure()
    desk.login()
    desk.g.change(expire_access_tokens=True)
    said = _end(_start(desk, "-vv", "calendars", "office"))
    assert said.code == 0 and "renewed the sign-in" in said.err
    desk.site.answers.append((TOKEN, told(b'{"refresh_token": "secret", "access_token": ')))
    desk.g.change(expire_access_tokens=True)
    said = _end(_start(desk, "-vv", "calendars", "office"))
    assert said.code == 1 and "does not answer like" in said.err and "secret" not in said.err
    desk.check_silence(said.out + said.err)


def test_ctrl_c_while_waiting_ends_at_once(desk: Desk) -> None:
    desk.configure()
    process = _start(desk, "login", "office", "--no-browser")
    assert process.stdout is not None
    while "enter this code" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    assert _end(process).code == 130 and not desk.stored


def test_a_run_with_a_good_token_needs_none_of_the_libraries_that_only_sign_in(desk: Desk) -> None:
    signs_in = "'msal', 'requests', 'urllib3', 'webbrowser', 'http.server', 'keyring', 'typer'"
    for module, heavy in (("token", signs_in), ("problems", f"{signs_in}, 'httpx', 'cryptography'")):
        script = f"import sys; import calsync_cli.auth.microsoft.{module}\n"
        script += f"print([name for name in sys.modules if name.startswith(({heavy}))])"
        assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
    desk.configure()
    desk.login()
    script = "import sys\nsys.argv = ['calsync'] + sys.argv[1:]\nfrom calsync_cli.cli.app import main\ntry:\n  main()\n"
    script += "except SystemExit as end:\n  print(end.code, [n for n in sys.modules if n in ('msal', 'requests')])"
    words = ["-c", str(desk.shell.config), "--state-dir", str(desk.shell.state), "calendars", "office"]
    ran = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "0 []", ran.stderr


@pytest.mark.skipif(chromium.found() is None, reason="there is no Chromium here")
@pytest.mark.parametrize(("decision", "code"), [("allow", 0), ("cancel", 5)])
def test_a_person_decides_in_a_real_browser(desk: Desk, tmp_path: Path, decision: str, code: int) -> None:
    desk.configure()
    place, script = tmp_path / "browser", Path(__file__).with_name("microsoft_browser.py")
    place.mkdir()
    said = _end(_start(desk, "login", "office", BROWSER=f"{sys.executable} {script} {place} {decision} %s"))
    assert said.code == code, said.err + said.out
    assert "Calendars.ReadWrite" in (place / "consent.txt").read_text()
    assert "You can close this window" in (place / "end.txt").read_text()
    desk.check_silence(said.out + said.err)
    assert desk.stored == (code == 0)
