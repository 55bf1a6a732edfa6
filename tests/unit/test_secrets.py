"""Where passwords are kept, and where they are refused (design section 6)."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import pytest

from calsync_cli.config.secrets import FileStore, KeyringStore, open_store, password_for
from calsync_cli.errors import AuthError
from calsync_cli.model.account import Account, SecretsConfig
from calsync_cli.model.secret import Secret


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory that takes small values only."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        assert len(password) <= 1200, "too long for this back end"
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()
    made = Drawer()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_password_goes_to_the_keyring_and_comes_back(drawer: Drawer) -> None:
    store = KeyringStore()
    store.set("cloud", Secret("hunter2"))
    assert drawer.held == {("calsync", "cloud"): "hunter2"}
    assert store.get("cloud") == Secret("hunter2")
    store.delete("cloud")
    assert store.get("cloud") is None and drawer.held == {}


def test_a_long_secret_is_kept_in_pieces_and_removed_whole(drawer: Drawer) -> None:
    store = KeyringStore()
    long = "".join(chr(97 + n % 26) for n in range(3500))
    store.set("cloud", Secret(long))
    assert len(drawer.held) == 5
    assert store.get("cloud") == Secret(long)
    store.set("cloud", Secret("short"))
    assert drawer.held == {("calsync", "cloud"): "short"}


def _plaintext() -> keyring.backend.KeyringBackend:
    from keyrings.alt.file import PlaintextKeyring

    return PlaintextKeyring()


@pytest.mark.parametrize("make", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring, _plaintext])
def test_a_machine_without_a_real_keyring_is_refused_with_both_ways_out(make: object, drawer: Drawer) -> None:
    keyring.set_keyring(make())  # type: ignore[operator]
    with pytest.raises(AuthError) as err:
        KeyringStore().set("cloud", Secret("x"))
    assert err.value.exit_code == 5
    assert "Secret Service" in str(err.value) and 'backend = "file"' in str(err.value)


def test_the_encrypted_file_keeps_secrets_closed(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    store = FileStore(file, lambda: "key")
    store.describe()
    store.set("cloud", Secret("hunter2"))
    store.set("other", Secret("swordfish"))
    assert b"hunter2" not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = FileStore(file, lambda: "key")
    assert (again.get("cloud"), again.get("other")) == (Secret("hunter2"), Secret("swordfish"))
    again.delete("cloud")
    assert FileStore(file, lambda: "key").get("cloud") is None


def test_a_wrong_passphrase_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    FileStore(file, lambda: "key").set("cloud", Secret("hunter2"))
    before = file.read_bytes()
    with pytest.raises(AuthError, match="does not open"):
        FileStore(file, lambda: "other").get("cloud")
    with pytest.raises(AuthError, match="does not open"):
        FileStore(file, lambda: "other").set("cloud", Secret("new"))
    assert file.read_bytes() == before


def test_a_damaged_password_file_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{")
    with pytest.raises(AuthError, match="left as it is"):
        FileStore(file, lambda: "key").set("cloud", Secret("x"))
    assert file.read_text() == "{"


def test_the_file_back_end_needs_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match="CALSYNC_SECRET_KEY"):
        open_store(SecretsConfig("file"), tmp_path, {}).set("cloud", Secret("x"))
    store = open_store(SecretsConfig("file", ("echo", "key")), tmp_path, {})
    store.set("cloud", Secret("x"))
    assert open_store(SecretsConfig("file"), tmp_path, {"CALSYNC_SECRET_KEY": "key"}).get("cloud") == Secret("x")


def test_a_password_command_comes_before_the_file_and_the_store(drawer: Drawer) -> None:
    KeyringStore().set("cloud", Secret("stored"))
    plain = Account("cloud", "caldav", url="https://x/", username="me")
    assert password_for(plain, KeyringStore) == Secret("stored")
    written = Account("cloud", "caldav", url="https://x/", password=Secret("written"))
    assert password_for(written, KeyringStore) == Secret("written")
    asked = Account("cloud", "caldav", url="https://x/", password=Secret("no"), password_command=("printf", "a\nb"))
    assert password_for(asked, KeyringStore) == Secret("a")


@pytest.mark.parametrize("command", [("false",), ("true",), ("there-is-no-such-program",)])
def test_a_password_command_that_fails_is_named(command: tuple[str, ...]) -> None:
    account = Account("cloud", "caldav", url="https://x/", password_command=command)
    with pytest.raises(AuthError, match=r"accounts\.cloud\.password_command"):
        password_for(account, KeyringStore)


def test_a_secret_does_not_show_itself() -> None:
    assert "hunter2" not in f"{Secret('hunter2')} {Secret('hunter2')!r} {[Secret('hunter2')]}"
