"""Where passwords are kept, and where they are refused (design section 6)."""

from __future__ import annotations

import stat
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.config.secrets import FileStore, KeyringStore, open_store, password_for
from calsync_cli.errors import AuthError, TransientError
from calsync_cli.model.account import Account, SecretsConfig
from calsync_cli.model.secret import Secret
from calsync_cli.ports import system_ports


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory that takes small values only."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.full = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:  # as the Windows Credential Locker
            raise ValueError(f"too long for this back end: {password}")
        if self.full:
            raise keyring.errors.PasswordSetError("locked")
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
    store.set("cloud", Secret(long))
    store.delete("cloud")
    assert drawer.held == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from("a\U0001f512é:0"), min_size=1, max_size=2600) | st.sampled_from(
    ["calsync-chunks:3", "calsync-chunks:1:a"]), min_size=1, max_size=4))
def test_whatever_was_stored_last_comes_back_and_nothing_is_left_behind(values: list[str]) -> None:
    drawer, before = Drawer(), keyring.get_keyring()
    keyring.set_keyring(drawer)
    try:
        store = KeyringStore()
        for value in values:
            store.set("cloud", Secret(value))
            assert store.get("cloud") == Secret(value)
        store.delete("cloud")
    finally:
        keyring.set_keyring(before)
    assert drawer.held == {}


@pytest.mark.parametrize("new", ["short", "n" * 2500])
def test_the_old_secret_stays_whole_until_the_new_one_is(drawer: Drawer, new: str) -> None:
    old = "o" * 2500
    store = KeyringStore()
    store.set("cloud", Secret(old))
    drawer.full = True
    with pytest.raises(AuthError, match="locked"):
        store.set("cloud", Secret(new))
    assert store.get("cloud") == Secret(old)


def test_an_error_of_the_keyring_never_repeats_the_password(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync_cli.config.secrets.CHUNK", 9999)
    password = "".join(["hunt", "er2"]) * 500  # not a word of this file, whose lines a traceback shows
    with pytest.raises(AuthError) as err:
        KeyringStore().set("cloud", Secret(password))
    shown = "".join(traceback.format_exception(err.value))
    assert "ValueError" in str(err.value) and password[:7] not in shown


def test_a_keyring_that_cannot_even_be_loaded_names_both_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ModuleNotFoundError("No module named 'nonsense'")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    with pytest.raises(AuthError, match="Two ways out"):
        KeyringStore().describe()


def test_a_chain_of_keyrings_is_judged_by_the_one_that_would_be_used(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.chainer import ChainerBackend

    keyring.set_keyring(ChainerBackend())
    monkeypatch.setattr(ChainerBackend, "backends", [_plaintext(), drawer])
    with pytest.raises(AuthError, match="PlaintextKeyring"):
        KeyringStore().set("cloud", Secret("x"))
    monkeypatch.setattr(ChainerBackend, "backends", [drawer, _plaintext()])
    KeyringStore().set("cloud", Secret("x"))
    assert drawer.held == {("calsync", "cloud"): "x"}
    monkeypatch.setattr(ChainerBackend, "backends", [])
    with pytest.raises(AuthError, match="no keyring"):
        KeyringStore().set("cloud", Secret("x"))


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


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"salt": "A", "values": {}}', '{"salt": "", "values": {"c": ["A"]}}']
)
def test_a_damaged_password_file_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(text)
    with pytest.raises(AuthError, match="left as it is"):
        FileStore(file, lambda: "key").set("cloud", Secret("x"))
    assert file.read_text() == text


def test_a_value_moved_to_another_name_does_not_open(tmp_path: Path) -> None:
    """The name is sealed in: nobody with the file can give one account another's password."""
    file = tmp_path / "secrets.json"
    FileStore(file, lambda: "key").set("cloud", Secret("hunter2"))
    file.write_text(file.read_text().replace('"cloud"', '"other"'))
    with pytest.raises(AuthError, match="does not open"):
        FileStore(file, lambda: "key").get("other")


def test_a_left_over_partial_file_does_not_make_the_new_one_readable(tmp_path: Path) -> None:
    (tmp_path / "secrets.json.part").write_text("cut")
    (tmp_path / "secrets.json.part").chmod(0o644)
    FileStore(tmp_path / "secrets.json", lambda: "key").set("cloud", Secret("hunter2"))
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match="cannot be written"):
        FileStore(tmp_path / "none" / "secrets.json", lambda: "key").set("cloud", Secret("x"))


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


NOT_TEXT = (sys.executable, "-c", "import sys; sys.stdout.buffer.write(bytes([0xe9]))")


@pytest.mark.parametrize("command", [("false",), ("true",), ("there-is-no-such-program",), ("/",), NOT_TEXT])
def test_a_password_command_that_fails_is_named(command: tuple[str, ...]) -> None:
    account = Account("cloud", "caldav", url="https://x/", password_command=command)
    with pytest.raises(AuthError, match=r"accounts\.cloud\.password_command"):
        password_for(account, KeyringStore)


def test_a_password_command_that_waits_for_somebody_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync_cli.config.secrets.COMMAND_TIMEOUT_S", 0.1)
    account = Account("cloud", "caldav", url="https://x/", password_command=("sleep", "20"))
    with pytest.raises(AuthError, match="no answer"):
        password_for(account, KeyringStore)


def test_a_secret_does_not_show_itself() -> None:
    assert "hunter2" not in f"{Secret('hunter2')} {Secret('hunter2')!r} {[Secret('hunter2')]}"


def test_processes_that_write_one_file_at_once_do_not_undo_each_other(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from calsync_cli.config.secrets import FileStore\n"
        "from calsync_cli.model.secret import Secret\n"
        "store = FileStore(Path(sys.argv[1]), lambda: 'key')\n"
        "for n in range(15): store.set(f'{sys.argv[2]}{n}', Secret(str(n)))\n"
    )
    file = tmp_path / "secrets.json"
    FileStore(file, lambda: "key").set("first", Secret("x"))
    writers = [subprocess.Popen([sys.executable, "-c", script, str(file), name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    store = FileStore(file, lambda: "key")
    assert {f"{name}{n}": store.get(f"{name}{n}") for name in "abc" for n in range(15)} == {
        f"{name}{n}": Secret(str(n)) for name in "abc" for n in range(15)
    }


def test_only_one_at_a_time_is_inside_a_guard_and_names_do_not_wait_for_each_other(tmp_path: Path) -> None:
    store, slept = FileStore(tmp_path / "secrets.json", lambda: "key"), [0.0]
    ports = replace(system_ports(), monotonic_s=lambda: slept[0], sleep=lambda s: slept.__setitem__(0, slept[0] + 50))
    with store.guard("work", ports), store.guard("../home", ports):
        with pytest.raises(TransientError, match=r"another calsync .* work"):
            with store.guard("work", ports):
                pass
    with store.guard("work", ports):
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("*.lock")} == {0o600}


def test_a_guard_in_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuthError, match="cannot be locked"):
        with FileStore(tmp_path / "file" / "secrets.json", lambda: "key").guard("work", system_ports()):
            pass


def test_the_guard_of_the_keyring_is_the_same_for_every_state_folder(
    drawer: Drawer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_cli.config.secrets.default_state_dir", lambda: tmp_path / "own")
    with open_store(SecretsConfig(), tmp_path / "other", {}).guard("work", system_ports()):
        assert len(list((tmp_path / "own").glob("sign-in-*.lock"))) == 1
