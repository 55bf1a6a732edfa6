"""The Google emulator as a process of its own, and a person who signs in to it with the real program.

    with service("--account", "me@example.test") as google:
        program = Person(tmp_path)
        program.google("work", google)               # account and `calsync login work`
        google.do({"do": "expire_access_tokens"})    # everything the control URL takes
        assert google.mails == []
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.process import cloud
from tests.process.cloud import Json, started

ME, OTHER = "me@example.test", "other@example.test"


class Service(cloud.Control):
    def do(self, *steps: Json) -> list[Any]:
        done: list[Any] = self.post(list(steps))["done"]
        return done

    def report(self, *, deleted: bool = False) -> Json:
        return self.get("?deleted=1" if deleted else "")

    @property
    def mails(self) -> list[Json]:
        return list(self.report()["mails"])

    @property
    def requests(self) -> Mapping[str, int]:
        found: Mapping[str, int] = self.report()["requests"]
        return found

    def events(self, calendar: str = ME, *, deleted: bool = False) -> list[Json]:
        found = self.report(deleted=deleted)
        assert found["problems"] == [], found["problems"][:5]
        return list(found["events"][calendar])

    def titles(self, calendar: str = ME) -> list[str]:
        return sorted(one.get("summary", "") for one in self.events(calendar) if one["status"] != "cancelled")


@contextmanager
def service(*options: str) -> Iterator[Service]:
    """Agrees to every sign-in at once, unless told otherwise. Fails at the end if a request was not as Google's are."""
    with started("tests.emulators.google", "--auto-consent", *options) as told:
        running = Service(told)
        yield running
        found = running.report()
        assert (found["problems"], found["mails"]) == ([], [])
        running.close()


class Person(cloud.Person):
    def configure(self, name: str, running: Service, *lines: str) -> None:
        known = {key: running.told[key] for key in ("client_file", "api_url", "auth_url", "token_url")}
        self.account(name, "google", known, *lines)

    def google(self, name: str, running: Service, user: str = ME, *lines: str) -> None:
        """An account of this user, signed in."""
        self.configure(name, running, f'username = "{user}"', *lines)
        running.do({"do": "consent", "auto": True, "user": user})
        self.login(name)
