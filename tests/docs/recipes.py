"""Servers of every kind with the calendars that docs/recipes.md names, and people who sign in.

Shape   `everywhere(home)`; then `home.signed_in()` puts the sign-in of each account of the present configuration into
        the secrets of a state folder that has nothing else; `home.alone()` leaves a machine that nobody signed in on
Why     a recipe is a whole configuration: it begins with nothing, and its accounts have the names of others
"""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import httpx

from calsync_cli import files
from calsync_cli.config.paths import default_state_dir
from calsync_cli.config.secrets import FileStore
from calsync_cli.model.secret import Secret
from tests.docs.events import ics, soon
from tests.docs.home import Home
from tests.emulators.web import Request, Response, WebServer
from tests.fakes.icloud_server import PASSWORD as APPLE
from tests.fakes.icloud_server import FakeICloud
from tests.fakes.servers import radicale
from tests.process.google import service as google_service
from tests.process.graph import service as graph_service

KEY = "a long passphrase of your own"
PASSWORD = "pass word"
FOLDERS = ("Home", "Holidays", "Room", "Private", "Club")


class People:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._signed = {"caldav": Secret(PASSWORD), "icloud": Secret(APPLE)}

    def alone(self) -> None:
        """Nothing was ever synced, nobody is signed in, and the shell holds no passphrase."""
        shutil.rmtree(self._state, ignore_errors=True)
        self._home.forget("CALSYNC_SECRET_KEY")

    def signed_in(self) -> None:
        self.alone()
        self._home.environ("CALSYNC_SECRET_KEY", KEY)
        files.make_folder(self._state)
        accounts = tomllib.loads(self._home.config.read_text()).get("accounts", {})
        for name, account in accounts.items():
            if account["provider"] in self._signed:
                self._store.set(name, self._signed[account["provider"]])

    @property
    def _state(self) -> Path:
        return default_state_dir()

    @property
    def _store(self) -> FileStore:
        return FileStore(self._state / "secrets.json", lambda: KEY)

    def learn(self, kind: str, lines: str) -> None:
        """Signs in once, by the browser; other accounts of this kind are the same person's."""
        self._home.write(f'[accounts.{kind}]\nprovider = "{kind}"\n{lines}\n')
        said = self._home.run(f"calsync login {kind}")
        assert said.code == 0, said.text
        secret = self._store.get(kind)
        assert secret is not None
        self._signed[kind] = secret


def everywhere(home: Home) -> None:
    people = People(home)
    for name in FOLDERS:
        (home.folder / ".calendars" / name).mkdir(parents=True, exist_ok=True)
    (home.folder / ".calendars" / "Home" / "dentist.ics").write_bytes(ics("dentist", "Dentist", soon(0)))
    dav = home.stack.enter_context(radicale({"me": PASSWORD}))
    for name in ("Personal", "Work", "Club"):
        dav.make_calendar(name)
    apple = home.stack.enter_context(FakeICloud())
    for name in ("Home", "Family"):
        apple.calendar(name)
    feed = home.stack.enter_context(WebServer(_holidays))
    google = home.stack.enter_context(google_service("--calendar", "Team")).told
    graph = home.stack.enter_context(graph_service())
    graph.edit({"do": "add_calendar", "name": "Room 2"})
    (home.folder / "client_secret.json").write_bytes(Path(google["client_file"]).read_bytes())
    home.lead("caldav", url=dav.url)
    home.lead("icloud", url=apple.url, username="me@example.test")
    home.lead("ics", url=f"http://127.0.0.1:{feed.port}/holidays.ics")
    home.lead("google", **{key: google[key] for key in ("api_url", "auth_url", "token_url")})
    home.lead("microsoft", **{key: graph.told[key] for key in ("graph_url", "authority", "ca_file", "client_id")})
    home.browse(graph.told["ca_file"])
    home.environ("CALSYNC_SECRET_KEY", KEY)
    people.learn("google", 'client_file = "~/client_secret.json"')
    people.learn("microsoft", "")
    home.instead["~/password"] = str(home.folder / "password")
    (home.folder / "password").write_text(PASSWORD)
    home.signed_in, home.alone = people.signed_in, people.alone


def _holidays(request: Request) -> Response:
    return Response(200, ics("newyear", "New Year", soon(3)), {"Content-Type": "text/calendar"})


def agreed_elsewhere(screen: str) -> str:
    """What stands in the address bar of a browser on another machine afterwards; a person copies it from there."""
    page = re.findall(r"\n  (http\S+)", screen)[-1]
    return httpx.get(page, trust_env=False).headers["Location"]
