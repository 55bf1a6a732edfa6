"""What the configuration says of a Microsoft account, and what follows of it: where to sign in, what to ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from calsync_cli.auth.microsoft import scopes
from calsync_cli.auth.microsoft.authority import authority
from calsync_cli.auth.microsoft.refusals import BARRED, ROWS, WORDS, Case, Refused, Way, explain
from calsync_cli.auth.signer import signer, state
from calsync_cli.config.load import load
from calsync_cli.errors import ConfigError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from tests.emulators.graph.aadsts import REFUSALS

ID = "00000000-0000-0000-0000-00000000ABCD"
LINES = '[accounts.m]\nprovider = "microsoft"\n'


def read(folder: Path, *lines: str) -> Account:
    file = folder / "config.toml"
    file.write_text(LINES + "\n".join(lines))
    return load(file, {}).accounts["m"]


def test_the_keys_of_a_microsoft_account(tmp_path: Path) -> None:
    account = read(tmp_path, f'client_id = "{ID}"', 'username = "me@e.org"', 'access = "read"', 'ca_file = "ca.pem"')
    assert (account.client_id, account.username, account.access) == (ID.lower(), "me@e.org", "read")
    assert account.ca_file == tmp_path / "ca.pem" and authority(account) == "https://login.microsoftonline.com/common"
    for key in ("graph_url", "api_url"):
        assert read(tmp_path, f'{key} = "https://graph.microsoft.us/v1.0"').api_url == "https://graph.microsoft.us/v1.0"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (('tenant = "organizations"',), "https://login.microsoftonline.com/organizations"),
        (('tenant = "contoso.onmicrosoft.com"',), "https://login.microsoftonline.com/contoso.onmicrosoft.com"),
        (('authority = "https://login.microsoftonline.us"',), "https://login.microsoftonline.us/common"),
        (('authority = "https://h:8443/consumers/"',), "https://h:8443/consumers"),
        (('authority = "https://h/common"', f'tenant = "{ID}"'), f"https://h/{ID}"),
    ],
)
def test_where_an_account_signs_in(tmp_path: Path, lines: tuple[str, ...], expected: str) -> None:
    assert authority(read(tmp_path, *lines)) == expected


def test_in_a_national_cloud_rights_carry_the_name_of_its_server(tmp_path: Path) -> None:
    account = read(tmp_path, 'graph_url = "https://dod-graph.microsoft.us/v1.0"')
    assert scopes.wanted(account) == ["https://dod-graph.microsoft.us/Calendars.ReadWrite"]
    assert scopes.short(scopes.wanted(account)[0]) == {"Calendars.ReadWrite"}
    assert scopes.wanted(read(tmp_path)) == ["Calendars.ReadWrite"]


def test_rights_are_known_in_any_spelling() -> None:
    said = "https://graph.microsoft.com/calendars.readwrite User.Read openid"
    assert scopes.short(said) == {"Calendars.ReadWrite", "User.Read", "openid"}
    assert scopes.missing("read", scopes.short(said)) is None
    assert scopes.missing("write", scopes.short("CALENDARS.READ")) == "Calendars.ReadWrite"


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["browser", "code", "renewal"])
def test_every_row_and_every_word_gives_a_whole_sentence_in_every_case(way: Way) -> None:
    case = Case(Account("office", "microsoft"), ID, way, datetime.now(UTC))
    told = [{"error": "invalid_grant", "error_codes": [code]} for code in ROWS]
    told += [{"error": error} for error in [*WORDS, "something_new", ""]]
    for one in told:
        err = explain(Refused(one), case)
        assert not set("{}") & set(str(err) + err.next) and "  " not in str(err), str(err)
        assert err.next.startswith("calsync ") or isinstance(err, TransientError)
    for code in BARRED:
        assert ("without --no-browser" in str(explain(Refused({"error_codes": [code]}), case))) == (way == "code")


def test_no_refusal_that_is_known_goes_without_words() -> None:
    waiting, ours = {70016}, {90014}  # while a code waits; a request without a member that it needs
    assert set(REFUSALS) - waiting - ours <= set(ROWS)


def test_a_number_is_found_in_the_text_where_none_is_listed() -> None:
    case = Case(Account("office", "microsoft"), ID, "browser", datetime.now(UTC))
    text = "AADSTS90094: The grant requires admin permission. Trace ID: x"
    said = {"error": "access_denied", "error_description": text}
    assert "administrator" in str(explain(Refused(said), case))
    for codes in ("50011", [True], ["50011"], {}, None):
        assert Refused({"error": "x", "error_codes": codes}).codes == []


def test_other_accounts_have_no_sign_in_of_this_kind() -> None:
    account = Account("home", "caldav")
    with pytest.raises(ConfigError, match=r"accounts\.home\.provider"):
        signer(account, lambda: None, system_ports())  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigError):
        state(account, None, system_ports())  # type: ignore[arg-type]
