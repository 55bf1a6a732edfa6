"""How long it takes to take a feed apart and to read events into the mirror: `python -m bench.parsing [--events N]`.

Figures CPU seconds of this process (time.process_time) on one core, and the peak of memory that Python allocated;
        nothing here is a test. Events are made from a seed and are of the typical kind of facts 7.1: a zone, a rule, an
        exception, an alarm, guests on every tenth, about 1 kB each
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

from calsync_cli.engine.seen import read_item, store_seen
from calsync_cli.engine.session import Session
from calsync_cli.mapping.feed.names import digest_of, entries_of
from calsync_cli.mapping.feed.split import split
from calsync_cli.mapping.feed.text import lines_of
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from calsync_cli.providers.base import Item
from calsync_cli.providers.ics.provider import IcsProvider
from calsync_cli.store import mirror
from calsync_cli.store.db import open_database

ZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
"""
WORDS = (
    "plan", "review", "team", "budget", "customer", "launch", "travel", "family", "dentist", "school", "garden",
    "music", "meeting", "weekly", "notes",
)


def typical(number: int, random: Random) -> str:
    """One VEVENT, LF at the ends."""
    day, hour = f"2026{random.randint(1, 12):02}{random.randint(1, 28):02}", random.randint(6, 20)
    said = " ".join(random.choice(WORDS) for _ in range(60))
    lines = [
        "BEGIN:VEVENT", f"UID:{random.getrandbits(128):032x}@example.org", "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID=Europe/Berlin:{day}T{hour:02}0000", f"DTEND;TZID=Europe/Berlin:{day}T{hour + 1:02}3000",
        f"SUMMARY:{random.choice(WORDS).title()} {number}", "LOCATION:Room 4\\, second floor", "STATUS:CONFIRMED",
        *_folded(f"DESCRIPTION:{said}\\nhttps://example.org/{number}"), "SEQUENCE:1", "CATEGORIES:Work,Team",
        f"RRULE:FREQ=WEEKLY;COUNT={random.randint(3, 40)}", f"EXDATE;TZID=Europe/Berlin:{day}T{hour:02}0000",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Reminder",
        "END:VALARM",
    ]
    if number % 10 == 0:
        lines += ["ORGANIZER;CN=Ann:mailto:ann@example.org"]
        lines += [f"ATTENDEE;CN=Guest {n};PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:g{n}@example.org" for n in range(10)]
    return "\n".join([*lines, "END:VEVENT", ""])


def _folded(line: str) -> list[str]:
    return [line[:75], *(f" {line[at : at + 74]}" for at in range(75, len(line), 74))]


def feed(events: int, seed: int = 1) -> bytes:
    random = Random(seed)
    body = "".join(typical(number, random) for number in range(events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//bench//EN\n{ZONE}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def objects(events: int, seed: int = 1) -> list[bytes]:
    """Each event as a CalDAV server or a folder holds it."""
    random = Random(seed)
    made = (f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//bench//EN\n{ZONE}{typical(n, random)}END:VCALENDAR\n"
            for n in range(events))
    return [text.replace("\n", "\r\n").encode() for text in made]


@contextmanager
def measured(what: str) -> Iterator[None]:
    begin = process_time()
    yield
    print(f"{what:<58} {process_time() - begin:7.2f} s")


def into_the_mirror(payloads: list[bytes]) -> None:
    """As a run does it: read, then one transaction."""
    account = Account("days", "ics", path=Path("none.ics"))
    with TemporaryDirectory() as folder:
        ports = system_ports()
        db = open_database(Path(folder), ports)
        session = Session(db, ports, "bench", lambda name: IcsProvider(account, ports))
        row = mirror.put_calendar(db, "days", "feed", "feed", "feed", "read", "full", False, None)
        seen = [read_item(session, "days", Item(str(n), str(n), payload)) for n, payload in enumerate(payloads)]
        with db.transaction():
            store_seen(session, row.id, "days", seen, [])
        assert mirror.live_count(db, row.id) == len(payloads) and not mirror.quarantined(db, row.id)
        db.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.parsing")
    parser.add_argument("--events", type=int, default=10_000)
    events = parser.parse_args().events
    raw, payloads = feed(events), objects(events)
    print(f"{events:,} events, a feed of {len(raw) / 1e6:.1f} MB, CPU seconds")
    with measured("feed: lines, split, names, etags, digest"):
        entries = entries_of(split(lines_of(raw)), "bench")
        digest_of(entries)
    with measured("feed: the payloads of all events"):
        taken = [entry.payload() for entry in entries.values()]
    with measured("feed: read all of them"):
        for payload in taken:
            ICAL.read(payload)
    with measured("objects: read all of them"):
        for payload in payloads:
            ICAL.read(payload)
    with measured("objects: read into the mirror"):
        into_the_mirror(payloads)
    del entries, taken
    tracemalloc.start()
    entries_of(split(lines_of(raw)), "bench")
    print(f"feed: peak of memory while it is taken apart {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
