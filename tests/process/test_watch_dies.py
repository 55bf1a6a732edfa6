"""`calsync watch` and a Google that is killed outright and comes back without events, sign-ins and channels.

Stated  first that it cannot be reached, then that the sign-in is no longer good, then that the calendar lists nothing
        and so nothing was deleted (G2); each with what to type. After that it is as before
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.fakes.servers import radicale
from tests.process.cloud import started
from tests.process.google import ME, Service
from tests.process.test_watch import PUSHED, Desk, pytestmark, until, watching

__all__ = ["pytestmark"]


def test_a_google_that_dies_and_forgets_everything_takes_nothing_with_it(tmp_path: Path) -> None:
    with radicale() as dav:
        with started("tests.emulators.google", "--auto-consent") as told:
            desk = Desk(tmp_path, Service(told), dav)
            with watching(desk, "--poll", "2s") as running:
                running.see(PUSHED)
                desk.insert("Dentist")
                until(lambda: desk.on_dav() == ["Dentist"], 20)
                os.kill(told["pid"], signal.SIGKILL)
                desk.put("Choir")
                running.see("127.0.0.1")
                port = told["api_url"].split(":")[2].partition("/")[0]
                with started("tests.emulators.google", "--auto-consent", "--port", port, "--seed", "1") as again:
                    desk.google = Service(again)
                    running.see("calsync login work")
                    desk.google.do({"do": "expire_sync_tokens"}, {"do": "consent", "auto": True, "user": ME})
                    desk.person.login("work")
                    running.see("G2")
                    assert desk.on_dav() == ["Choir", "Dentist"], "an empty answer deletes nothing"
                    said = desk.person.run("restore", "--pair", "home", "--yes")
                    while said.code == 6:  # just while a run of the watch is under way
                        said = desk.person.run("restore", "--pair", "home", "--yes")
                    assert said.code == 0, said.out + said.err
                    until(lambda: desk.google.titles() == ["Choir", "Dentist"] == desk.on_dav(), 30,
                          lambda: f"{desk.google.titles()} {desk.on_dav()} {running.said}")
                    desk.insert("Later")
                    until(lambda: desk.on_dav() == ["Choir", "Dentist", "Later"], 20, lambda: running.said)
                    assert running.end(signal.SIGTERM) == 143
                    report = desk.person.sync()
                    assert report["changes"] == [] and desk.google.mails == [] and desk.channels() == []
