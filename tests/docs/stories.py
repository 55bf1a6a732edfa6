"""What each document is told with: servers, events that are there, what a person answers, what is only parsed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.events import week
from tests.docs.home import Home
from tests.docs.typist import Answers
from tests.fakes.icloud_server import PASSWORD as APPLE
from tests.fakes.icloud_server import FakeICloud
from tests.fakes.servers import radicale
from tests.process.cloud import VISIT
from tests.process.google import service as google_service
from tests.process.graph import service as graph_service

Prepare = Callable[[Home], None]


def _nothing(home: Home) -> None:
    pass


@dataclass(frozen=True)
class Story:
    """answers: of whole commands; only_parsed: why, by the beginning of a command."""

    given: Prepare = _nothing
    answers: Mapping[str, Answers] = field(default_factory=dict)
    only_parsed: Mapping[str, str] = field(default_factory=dict)


def laptop(home: Home) -> None:
    week(home.folder / ".calendars" / "Home")
    (home.folder / "phone" / "Home").mkdir(parents=True)


def caldav(home: Home, *calendars: str) -> None:
    """A Radicale, to which every CalDAV account of the document is led."""
    server = home.stack.enter_context(radicale({"me": "pass word"}))
    for name in calendars:
        server.make_calendar(name)
    home.lead("caldav", url=server.url)


def browser(home: Home, *words: str) -> None:
    """One that agrees to everything."""
    (home.folder / "visit.py").write_text(VISIT)
    home.environ("BROWSER", " ".join([sys.executable, str(home.folder / "visit.py"), *words, "%s"]))


def google(home: Home) -> None:
    laptop(home)
    told = home.stack.enter_context(google_service()).told
    (home.folder / "client_secret.json").write_bytes(Path(told["client_file"]).read_bytes())
    home.lead("google", **{key: told[key] for key in ("api_url", "auth_url", "token_url")})
    browser(home)


def microsoft(home: Home) -> None:
    laptop(home)
    told = home.stack.enter_context(graph_service()).told
    home.lead("microsoft", **{key: told[key] for key in ("graph_url", "authority", "ca_file", "client_id")})
    home.instead["00000000-0000-0000-0000-000000000000"] = told["client_id"]
    browser(home, told["ca_file"])


def icloud(home: Home) -> None:
    laptop(home)
    server = home.stack.enter_context(FakeICloud())
    server.calendar("Home")
    home.lead("icloud", url=server.url)


def home_pair(home: Home) -> None:
    """Two folders in sync, as the pages without a configuration of their own suppose."""
    laptop(home)
    home.write(FOLDERS)
    assert home.run("calsync sync --yes").code == 0


def readme(home: Home) -> None:
    laptop(home)
    caldav(home, "Personal")


FOLDERS = """
[accounts.laptop]
provider = "vdir"
path = "~/.calendars"

[accounts.phone]
provider = "vdir"
path = "~/phone"

[pairs.home]
a = "laptop/Home"
b = "phone/Home"
"""
NEVER_ENDS = "it runs until it is stopped; tests/process/test_watch.py does it"
SCHEDULER = "it asks or changes the scheduler of this machine; tests/cli/test_schedule.py does it"
ASKS = "it asks one thing after the other; docs/first-ten-minutes.md does it"
ELSEWHERE = "its accounts are those of a recipe; the pages of the providers do it"
ANOTHER_SCREEN = "a browser elsewhere is asked; tests/cli/test_login_google.py and test_login_microsoft.py do it"
INSTALLED = "tests/docs/test_packaging.py installs it"

STORIES: dict[str, Story] = {
    "README.md": Story(
        readme,
        answers={
            "calsync login cloud": [("password of me: ", "pass word")],
            "calsync sync": [("Go ahead?", None), ("] ", "y")],
        },
        only_parsed={
            "calsync init": ASKS, "calsync schedule": SCHEDULER, "pipx install": INSTALLED,
            "python3 -m venv .venv && .venv/bin/pip install --quiet . &&": INSTALLED,
            "python3 -m venv .venv && .venv/bin/pip install --quiet '.[test]'": "it runs this very suite",
        },
    ),
    "docs/README.md": Story(only_parsed={"pipx install": INSTALLED}),
    "docs/first-ten-minutes.md": Story(only_parsed={"": "tests/docs/test_made.py runs all of it"}),
    "docs/automatic.md": Story(
        home_pair, only_parsed={"calsync watch": NEVER_ENDS, "calsync schedule": SCHEDULER},
    ),
    "docs/caldav.md": Story(readme, answers={"calsync login cloud": [("password of me: ", "pass word")]}),
    "docs/everyday.md": Story(laptop),
    "docs/exit-codes.md": Story(home_pair),
    "docs/folders.md": Story(laptop),
    "docs/google.md": Story(google),
    "docs/headless.md": Story(only_parsed={"calsync login": ANOTHER_SCREEN}),
    "docs/icloud.md": Story(icloud, answers={
        "calsync login icloud": [("mail address): ", "me@example.test"), ("app-specific password: ", APPLE)],
    }),
    "docs/microsoft.md": Story(microsoft),
    "docs/recipes.md": Story(
        home_pair,
        only_parsed={
            "calsync login": ANOTHER_SCREEN, "calsync schedule install --using systemd": SCHEDULER,
            "calsync config check": ELSEWHERE, "calsync sync --dry-run": ELSEWHERE,
        },
    ),
    "docs/why.md": Story(home_pair),
}
