"""What each document is told with: servers, events that are there, what a person answers, what is only parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.events import week
from tests.docs.home import Home
from tests.docs.recipes import PASSWORD, agreed_elsewhere, everywhere
from tests.docs.typist import Answers
from tests.fakes.icloud_server import PASSWORD as APPLE
from tests.fakes.icloud_server import FakeICloud
from tests.fakes.servers import radicale
from tests.process.google import service as google_service
from tests.process.graph import service as graph_service

Prepare = Callable[[Home], None]


def _nothing(home: Home) -> None:
    pass


@dataclass(frozen=True)
class Story:
    """answers, ends: of whole commands; ends is the exit code where no comment names it. elsewhere, only_parsed: by the
    beginning of a command, the test that runs it, or why none can. whole: each configuration stands for itself"""

    given: Prepare = _nothing
    answers: Mapping[str, Answers] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    only_parsed: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


def laptop(home: Home) -> None:
    week(home.folder / ".calendars" / "Home")
    (home.folder / "phone" / "Home").mkdir(parents=True, exist_ok=True)


def caldav(home: Home, *calendars: str) -> None:
    """A Radicale, to which every CalDAV account of the document is led."""
    server = home.stack.enter_context(radicale({"me": "pass word"}))
    for name in calendars:
        server.make_calendar(name)
    home.lead("caldav", url=server.url)
    home.instead["https://cloud.example.org/"] = server.url


def google(home: Home) -> None:
    laptop(home)
    told = home.stack.enter_context(google_service()).told
    (home.folder / "client_secret.json").write_bytes(Path(told["client_file"]).read_bytes())
    home.lead("google", **{key: told[key] for key in ("api_url", "auth_url", "token_url")})
    home.browse()


def microsoft(home: Home) -> None:
    laptop(home)
    told = home.stack.enter_context(graph_service()).told
    home.lead("microsoft", **{key: told[key] for key in ("graph_url", "authority", "ca_file", "client_id")})
    home.instead["00000000-0000-0000-0000-000000000000"] = told["client_id"]
    home.browse(told["ca_file"])


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
HEADLESS = """
[accounts.work]
provider = "google"
client_file = "~/client_secret.json"

[accounts.office]
provider = "microsoft"
client_id = "00000000-0000-0000-0000-000000000000"
"""
MADE = "tests/docs/test_made.py::test_the_first_ten_minutes_are_as_they_are_told"
INSTALLED = "tests/docs/test_packaging.py::test_it_runs_where_it_was_just_installed"
ITSELF = "tests/docs/test_readme.py::test_ci_runs_exactly_its_test_command"
PASSWORD_OF_ME: Answers = [("password of me: ", PASSWORD)]
PASTED: Answers = [("ssh -L", agreed_elsewhere)]
CTRL_C = "\x03"


def headless(home: Home) -> None:
    google(home)
    microsoft(home)
    home.write(HEADLESS)


STORIES: dict[str, Story] = {
    "README.md": Story(
        readme,
        answers={
            "calsync init": [
                ("shall be connected?", None), ("> ", "folder"), ("[~/.calendars]: ", ""),
                ("shall be connected?", None), ("> ", "caldav"), ("[caldav]: ", "cloud"),
                ("(https://...): ", "https://cloud.example.org/"), ("user name: ", "me"), *PASSWORD_OF_ME,
                ("shall be connected?", None), ("> ", ""), ("first calendar?", None), ("> ", "1"),
                ("second calendar?", None), ("> ", "n"), ("which account?", None), ("> ", "cloud"),
                ("> [1] ", ""), ("> [1] ", ""), ("Go ahead?", None), ("] ", "y"),
            ],
            "calsync login cloud": PASSWORD_OF_ME, "calsync sync": [("Go ahead?", None), ("] ", "y")],
        },
        elsewhere={
            "pipx install": INSTALLED, "python3 -m venv .venv && .venv/bin/pip install --quiet . &&": INSTALLED,
            "python3 -m venv .venv && .venv/bin/pip install --quiet '.[test]'": ITSELF,
        },
    ),
    "docs/README.md": Story(elsewhere={"pipx install": INSTALLED}),
    "docs/first-ten-minutes.md": Story(elsewhere={"": MADE}),
    "docs/automatic.md": Story(
        home_pair, answers={"calsync watch": [("waiting", CTRL_C)]}, ends={"calsync watch": 130},
    ),
    "docs/caldav.md": Story(readme, answers={"calsync login cloud": PASSWORD_OF_ME}),
    "docs/everyday.md": Story(laptop),
    "docs/exit-codes.md": Story(home_pair),
    "docs/folders.md": Story(laptop),
    "docs/google.md": Story(google),
    "docs/headless.md": Story(headless, answers={
        "calsync login work --no-browser": PASTED,
        "calsync login office --no-browser": [("enter", None), ("signed in to office", None)],
    }),
    "docs/icloud.md": Story(icloud, answers={
        "calsync login icloud": [("mail address): ", "me@example.test"), ("app-specific password: ", APPLE)],
    }),
    "docs/microsoft.md": Story(microsoft),
    "docs/performance.md": Story(only_parsed={"python3 -m bench": "it measures for minutes"}),
    "docs/recipes.md": Story(everywhere, answers={"calsync login work --no-browser": PASTED}, whole=True),
    "docs/why.md": Story(home_pair),
}
