"""What lies on the disk is for its owner alone, and nobody's name or link leads a write elsewhere."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from calsync_cli import files
from calsync_cli.config.secrets import FileStore
from calsync_cli.model.secret import Secret
from calsync_cli.ports import system_ports
from tests.cli.conftest import shell as shell
from tests.cli.program import Shell
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights in another way")


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """Paths with more rights than 0700 and 0600."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & (0o077 if path.is_dir() else 0o177):
            found[str(path.relative_to(folder.parent))] = oct(mode)
    return found


def test_all_that_is_kept_is_for_its_owner_alone(shell: Shell, umask: int) -> None:
    """Database and its daily copy, log, plans, secrets, locks, the new folders
    above them, and a plan that a person asks for in a folder of everybody's."""
    shell.state = shell.folder / "new" / "and new" / "state"
    shell.config = shell.folder / "fresh" / "config.toml"
    files.make_folder(shell.config.parent)
    files.write(shell.config, CONFIG.format(shell.folder))
    for n in range(30):
        shell.put("x", f"u{n}", f"Event {n}")
    plan = shell.folder / "plan.json"
    assert shell("sync", "--plan-file", str(plan)).code == 0
    assert shell("sync", "--yes", "-vv").code == 0
    for n in range(25):
        shell.file("x", f"u{n}").unlink()
    assert shell("sync").code == 4
    (shell.state / "calsync.db").write_bytes(b"no database")
    assert shell("doctor", "--rebuild").code == 0
    FileStore(shell.state / "secrets.json", lambda: "key").set("x", Secret("s"))
    with FileStore(shell.state / "secrets.json", lambda: "key").guard("x", system_ports()):
        kept = {path.name for path in shell.state.rglob("*")}
        assert {"calsync.db", "calsync.daily.db", "calsync.log", "plans", "secrets.json", "lock", "runs"} <= kept
        assert open_to_others(shell.folder / "new") == {} and open_to_others(shell.config.parent) == {}
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert [path for path in kept if path.endswith(".part")] == []


CONFIG = """
[accounts.x]
provider = "vdir"
path = "{0}/x"
[accounts.y]
provider = "vdir"
path = "{0}/y"
[pairs.home]
a = "x/Home"
b = "y/Home"
"""


def test_the_wal_has_the_rights_of_its_database(tmp_path: Path, umask: int) -> None:
    from calsync_cli.store.db import open_database

    db = open_database(tmp_path, system_ports())
    with db.transaction():
        db.set_meta("a", "b")
    rights = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()}
    db.close()
    assert rights == dict.fromkeys(("calsync.db", "calsync.db-wal", "calsync.db-shm"), "0o600")


def test_a_link_laid_in_advance_leads_no_write_elsewhere(tmp_path: Path) -> None:
    """In a folder of everybody's the names of the files that come are known."""
    victim, target = tmp_path / "victim", tmp_path / "plan.json"
    victim.write_text("mine")
    (tmp_path / "plan.json.part").symlink_to(victim)
    files.write(target, "plan")
    target.unlink()
    target.symlink_to(victim)
    files.write(target, "plan")
    assert victim.read_text() == "mine" and target.read_text() == "plan" and not target.is_symlink()


def test_a_file_of_others_laid_in_advance_is_not_written_into(tmp_path: Path) -> None:
    part = tmp_path / "plan.json.part"
    part.write_text("")
    part.chmod(0o666)
    with part.open() as watching:
        files.write(tmp_path / "plan.json", "plan")
        assert watching.read() == ""
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600


# -- names that servers and events give --------------------------------------------------------------------------------


NAMES = [
    "../../../evil", "..%2f..%2fevil", "/tmp/evil", "C:\\evil", "con", "nul.ics", "aux", "evil\x01", "evil%00", "..",
    ".", ".calsync", "~/evil", "$HOME/evil", "`touch evil`", "$(touch evil)", "; touch evil", "-rf", "x" * 3000,
    "e:vil", "\u202elive", "evil.ics/../../evil", "evil ",
]  # fmt: skip


def test_no_uid_and_no_href_names_a_file_here(shell: Shell) -> None:
    """A copy is called by the key of its operation; what a server calls it is text in the database."""
    with FakeCalDav() as server:
        path = server.calendar("Work")
        for n, name in enumerate(NAMES):
            inner = quote(name[:200], safe="%")
            server.user_put(f"{path}{n}-{inner}", ics(name, f"Event {n}"))
        shell.config.write_text(
            f'[accounts.dav]\nprovider = "caldav"\nurl = "{server.url}dav/"\nusername = "me"\npassword = "any"\n'
            '[accounts.y]\nprovider = "vdir"\npath = "y"\n[pairs.home]\na = "dav/Work"\nb = "y/Home"\n'
        )
        before = set(shell.folder.rglob("*"))
        shell("sync", "--yes", "-vv")
        made = set(shell.folder.rglob("*")) - before
    copies = [file for file in made if file.parent == shell.home("y") and file.name != ".calsync"]
    assert len(copies) >= len(NAMES) - 2 and all(re.fullmatch(r"[0-9a-v]+\.ics", file.name) for file in copies)
    assert {file.parent for file in made} - {shell.home("y")} == {shell.folder, shell.state}
    assert not [file for file in made if file.parent == shell.state and not file.name.startswith(("calsync.", "lock"))
                and file.name not in ("installation", "runs")]
    assert not Path("evil").exists() and not Path("/tmp/evil").exists()
