"""The Graph emulator as a process of its own, over TLS, and a person who signs in to it with the real program.

    with service() as graph:
        person = Person(tmp_path)
        person.microsoft("office", graph)            # account and `calsync login office`
        graph.edit({"do": "create", "event": {...}}) # what a person does in Outlook
        graph.change(expire_access_tokens=True)      # everything the control URL takes
        assert graph.mails == []
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from tests.process import cloud
from tests.process.cloud import Json, started

ME, OTHER = "me@contoso.example", "other@outlook.example"
"""A work account and a personal one."""
HOME = "Calendar"
AT_ONCE = 50


class Service(cloud.Control):
    def change(self, **wanted: Any) -> Json:
        found: Json = self.post(wanted)
        return found

    def edit(self, *edits: Json, user: str = ME) -> list[str]:
        """What a person does in Outlook, see people.py of the emulator. Returns the ids."""
        found: list[str] = []
        named = [{"mailbox": user, **one} for one in edits]
        for start in range(0, len(named), AT_ONCE):
            found += [one.get("id", "") for one in self.change(edits=named[start : start + AT_ONCE])["results"]]
        return found

    def mailbox(self, user: str = ME) -> Json:
        found: Json = self.get()["mailboxes"][user]
        return found

    @property
    def mails(self) -> list[Json]:
        return [mail for box in self.get()["mailboxes"].values() for mail in box["mails"]]

    def clear_mails(self) -> None:
        """Those that people sent by what they did in Outlook."""
        for user in self.get()["mailboxes"]:
            self.change(clear=["mails"], mailbox=user)

    def asked(self) -> list[str]:
        """Method and path of each request since `clear_log`; a batch, then each of its parts."""
        return [f"{one['method']} {one['path'].partition('?')[0].partition('/v1.0')[2]}" for one in self.get()["log"]]

    def clear_log(self) -> None:
        self.change(clear=["log"])

    def events(self, calendar: str = HOME, user: str = ME) -> list[Json]:
        """As a person sees them, a series in one piece."""
        found: list[Json] = self.mailbox(user)["events"][calendar]
        return found

    def titles(self, calendar: str = HOME, user: str = ME) -> list[str]:
        return sorted(one["subject"] for one in self.events(calendar, user))


@contextmanager
def service(*options: str) -> Iterator[Service]:
    """Agrees to every sign-in at once, unless told otherwise. Fails at the end if a request was not as Graph's are, if
    anything but a sign-in went to the authority, or if anybody was mailed."""
    people = ["--user", ME, "--user", f"personal:{OTHER}"]
    with started("tests.emulators.graph", "--auto-consent", *people, *options) as told:
        running = Service(told)
        yield running
        found = running.get()
        assert (found["violations"], found["leaks"], running.mails) == ([], [], [])
        running.close()


class Person(cloud.Person):
    def configure(self, name: str, running: Service, *lines: str) -> None:
        known = {key: running.told[key] for key in ("client_id", "graph_url", "authority", "ca_file")}
        self.account(name, "microsoft", known, *lines)

    def look_ahead(self, a: str, b: str, name: str = "home") -> None:
        """A pair whose window reaches over all of 2030, where the tests' events are."""
        self.pair(a, b, name)
        days = (date(2031, 1, 15) - date.today()).days
        self._pairs += f'window = {{ past = "30d", future = "{days}d" }}\n'

    def microsoft(self, name: str, running: Service, user: str = ME, *lines: str) -> None:
        """An account of this user, signed in."""
        self.configure(name, running, f'username = "{user}"', *lines)
        self.login(name)
