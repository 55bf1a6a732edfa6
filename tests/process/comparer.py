"""X5, X12: are two calendars the same to the people who look at them? Nothing of calsync is used here.

Shape   `seen(payloads)` -> Counter of (uid, start, end, title, place, description, categories, status), by instance
Equal   an instance marked cancelled inside a series and one left out by EXDATE look the same: it does not happen
        blanks and empty lines at the end of a text are not seen either
Source  RFC 5545, expanded by icalendar and recurring_ical_events
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import icalendar
import recurring_ical_events

from tests.fakes.servers import Server

SPANS = ((date(2025, 1, 1), date(2026, 1, 1)), (date(2030, 1, 1), date(2032, 1, 1)))
"""Where `events` puts its events: one year of the past, two of the future."""

Spans = tuple[tuple[date, date], ...]

Instance = tuple[str, str, str, str, str, str, tuple[str, ...], str]


def seen(payloads: Iterable[bytes], spans: Spans = SPANS) -> Counter[Instance]:
    found: Counter[Instance] = Counter()
    for payload in payloads:
        calendar: Any = icalendar.Calendar.from_ical(payload)
        query = recurring_ical_events.of(calendar)
        found.update(_instance(e) for span in spans for e in query.between(*span) if not _left_out(e, calendar))
    return found


def _left_out(event: Any, calendar: Any) -> bool:
    series = any("RRULE" in part for part in calendar.walk("VEVENT") if part.get("UID") == event.get("UID"))
    return series and event.get("STATUS") == "CANCELLED" and not _master_cancelled(event, calendar)


def _master_cancelled(event: Any, calendar: Any) -> bool:
    masters = [p for p in calendar.walk("VEVENT") if p.get("UID") == event.get("UID") and "RECURRENCE-ID" not in p]
    return any(part.get("STATUS") == "CANCELLED" for part in masters)


def _instance(event: Any) -> Instance:
    said = [str(event.get(name, "")).rstrip() for name in ("SUMMARY", "LOCATION", "DESCRIPTION")]
    tags = event.get("CATEGORIES")
    lists = tags if isinstance(tags, list) else [tags] if tags else []
    names = tuple(sorted(str(name) for one in lists for name in one.cats))
    status = str(event.get("STATUS", "CONFIRMED"))
    return (str(event["UID"]), _moment(event.start), _moment(event.end), said[0], said[1], said[2], names, status)


def _moment(value: date) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return value.isoformat()


def difference(
    one: Iterable[bytes], other: Iterable[bytes], alike: Callable[[Instance], Instance] = lambda found: found,
    spans: Spans = SPANS,
) -> list[tuple[str, Instance]]:
    """Instances that only one of both has; empty when they are equal. alike: one without what is not compared."""
    left, right = (Counter(alike(found) for found in seen(side, spans).elements()) for side in (one, other))
    return [("only first", i) for i in (left - right)] + [("only second", i) for i in (right - left)]


# -- for readers of other forms ----------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """Without what cloud services drop: variation selectors, kinds of line ends, blanks at the ends of lines."""
    lines = text.replace("\ufe0f", "").replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def escaped(text: str) -> str:
    """As a value of a line (RFC 5545 3.3.11)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def object_of(lines: Iterable[str]) -> bytes:
    """A whole calendar object around its components."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//A reader of JSON//EN"]
    return "\r\n".join([*head, *lines, "END:VCALENDAR", ""]).encode()


def uids(payloads: Iterable[bytes]) -> Counter[str]:
    """UID -> in how many files or members it is."""
    found: Counter[str] = Counter()
    for payload in payloads:
        calendar: Any = icalendar.Calendar.from_ical(payload)
        found.update({str(part["UID"]) for part in calendar.walk("VEVENT")})
    return found


# -- reading calendars -------------------------------------------------------------------------------------------------


def folder(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.glob("*.ics"))}


def members(server: Server, calendar: str) -> dict[str, bytes]:
    """href -> body, each by a plain GET of another client."""
    base, alone = server.url.rstrip("/"), {"Connection": "close"}  # SOGo drops kept connections
    with httpx.Client(auth=(server.user, server.password), base_url=base, headers=alone, timeout=30.0) as client:
        listing = client.request("PROPFIND", calendar, headers={"Depth": "1"})
        assert listing.status_code == 207, listing.text
        found = ElementTree.fromstring(listing.content).iterfind(".//{DAV:}response/{DAV:}href")
        hrefs = [str(node.text) for node in found]
        inside = [href for href in hrefs if href.rstrip("/") != calendar.rstrip("/")]
        return {href: client.get(href).raise_for_status().content for href in inside}
