"""The lines of a feed -> its events, each with the lines it stands for; nothing is parsed but their names. Pure.

Shape   `split(lines)` -> Split: one Part per VEVENT, and per VCALENDAR a Scope with what holds for its events
Repairs text that goes on in a new line without a fold; text between properties is dropped; so are METHOD and VALARM,
        which are the publisher's own. A time without a zone gets that of X-WR-TIMEZONE: it is written into the event,
        because a calendar's own zone (base.Calendar.zone) is for times that are written to it, and one feed may hold
        several calendars
Errors  NotAFeed when the feed is cut off or holds too much. A damaged event is one Part that is not `whole`
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from datetime import timedelta

from calsync_cli.mapping import zones
from calsync_cli.mapping.feed.text import NotAFeed
from calsync_cli.mapping.values import duration, text
from calsync_cli.model.plain import dataclass

MAX_EVENTS = 100_000
_START = re.compile(rb"([A-Za-z0-9_.-]+)\s*[;:]")
_TOP = frozenset({b"VCALENDAR", b"VEVENT", b"VTIMEZONE", b"VTODO", b"VJOURNAL", b"VFREEBUSY", b"VAVAILABILITY"})
_TEXTS = frozenset({b"SUMMARY", b"DESCRIPTION", b"LOCATION", b"COMMENT", b"CONTACT", b"X-ALT-DESC"})
_FULL_LINE = 70
_FLOATING = re.compile(
    rb"(DTSTART|DTEND|RECURRENCE-ID|EXDATE|RDATE)((?:;(?!TZID=)[A-Z0-9-]+=[^;:]*)*):"
    rb"(\d{4}-?\d\d-?\d\dT[\d:.]+(?:,\d{4}-?\d\d-?\d\dT[\d:.]+)*)\s*", re.IGNORECASE,
)
_TZID = re.compile(rb';TZID=("[^"]*"|[^;:]*)', re.IGNORECASE)
_QUOTED = re.compile(rb'"[^"]*"')
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(slots=True)
class Scope:
    """One VCALENDAR. head: the first of its own properties of each name; zones: its VTIMEZONEs by their names."""

    head: dict[bytes, bytes] = field(default_factory=dict)
    zones: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)

    def text(self, *names: bytes) -> str:
        found = (text(self.head[name].decode("utf-8", "replace")).strip() for name in names if name in self.head)
        return next((value for value in found if value), "")

    def default_zone(self) -> bytes:
        """What X-WR-TIMEZONE means; b"" where it means nothing known."""
        name = self.text(b"X-WR-TIMEZONE")
        known = zones.iana(name) or zones.windows(name) or zones.display(name) if name else None
        return known.encode() if known else name.encode() if name.encode() in self.zones else b""


@dataclass(slots=True)
class Part:
    """One VEVENT: its lines without BEGIN and END. whole: its END came where it should."""

    scope: Scope
    lines: list[bytes] = field(default_factory=list)
    whole: bool = True

    def first(self, name: bytes) -> bytes:
        """The first property of this name, without its name: `;TZID=Europe/Berlin:20260101T100000`; or b""."""
        size = len(name)
        for line in self.lines:
            if line[size : size + 1] in (b":", b";") and line[:size].upper() == name:
                return line[size:]
        return b""

    def zone_names(self) -> set[bytes]:
        lines = (line for line in self.lines if b"TZID" in line or b"tzid" in line)
        return {found.strip(b' "') for line in lines for found in _TZID.findall(line)}


@dataclass(slots=True)
class Split:
    parts: list[Part]
    scopes: list[Scope]

    def text(self, *names: bytes) -> str:
        return next((words for scope in self.scopes if (words := scope.text(*names))), "")

    @property
    def color(self) -> str | None:
        found = _COLOR.match(self.text(b"X-APPLE-CALENDAR-COLOR", b"COLOR"))
        return found.group() if found else None

    @property
    def refresh(self) -> timedelta | None:
        """How often the publisher wants to be asked (RFC 7986 section 5.7); what cannot be read says nothing."""
        for name in (b"REFRESH-INTERVAL", b"X-PUBLISHED-TTL"):
            try:
                found = duration(self.text(name)).exact
            except (ValueError, OverflowError):
                continue
            if found > timedelta(0):
                return found
        return None


def raw_value(rest: bytes) -> str:
    """The value of a property given as `first` gives it."""
    if rest[:1] == b":":
        return rest[1:].decode("utf-8", "replace")
    outside = _QUOTED.sub(lambda found: b"x" * len(found.group()), rest)
    colon = outside.find(b":")
    return rest[colon + 1 if colon >= 0 else rest.rfind(b":") + 1 :].decode("utf-8", "replace")


def split(lines: Iterable[bytes]) -> Split:
    splitter = _Splitter()
    for line in lines:
        splitter.take(line)
    if splitter.open or not splitter.scopes:
        raise NotAFeed("it is cut off: END:VCALENDAR is missing")
    for part in splitter.parts:
        _settle_zone(part)
    return Split(splitter.parts, splitter.scopes)


class _Splitter:
    """`inside` are the components that are open within `part` or `skipped`, outermost first."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.parts: list[Part] = []
        self.open = False
        self._part: Part | None = None
        self._zone: list[bytes] | None = None
        self._skipped = b""
        self._inside: list[bytes] = []
        self._last = b""
        self._last_size = 0

    def take(self, line: bytes) -> None:
        found = _START.match(line)
        if found is None:
            self._go_on(line)
            return
        name = found.group(1).upper()
        if name == b"BEGIN":
            self._begin(line, line[found.end() :].strip().upper())
        elif name == b"END":
            self._end(line, line[found.end() :].strip().upper())
        elif self._zone is not None:
            self._zone.append(line)
        elif self._part is not None:
            if b"VALARM" not in self._inside:
                self._part.lines.append(line)
        elif self.open and not self._skipped:
            self.scopes[-1].head.setdefault(name, line[found.end() :] if line[found.end() - 1] == 0x3A else
                                            line.partition(b":")[2])
        self._last, self._last_size = name, len(line)

    def _go_on(self, line: bytes) -> None:
        """No property: the next line of a text that was not folded, or a stray word. A full line was cut by counting,
        another one where its text has a line break."""
        if self._part is None or self._zone is not None or not line.strip() or self._last not in _TEXTS:
            return
        if b"VALARM" in self._inside or not self._part.lines:
            return
        self._part.lines[-1] += line if self._last_size >= _FULL_LINE else b"\\n" + line
        self._last_size = len(line)

    def _begin(self, line: bytes, name: bytes) -> None:
        if name in _TOP:
            self._close(whole=False)
            if name == b"VCALENDAR":
                self.scopes.append(Scope())
                self.open = True
                return
            self.open = bool(self.scopes)  # after END:VCALENDAR it goes on: better one calendar more than events less
            if not self.open:
                return
            if name == b"VEVENT":
                self._part = Part(self.scopes[-1])
            elif name == b"VTIMEZONE":
                self._zone = [line]
            else:
                self._skipped = name
        elif self._zone is not None:
            self._zone.append(line)
        elif self._part is not None:
            self._inside.append(name)
            if b"VALARM" not in self._inside:
                self._part.lines.append(line)
        elif self.open and not self._skipped:
            self._skipped = name

    def _end(self, line: bytes, name: bytes) -> None:
        if name == b"VCALENDAR":
            self._close(whole=False)
            self.open = False
        elif self._zone is not None:
            self._zone.append(line)
            if name == b"VTIMEZONE":
                self._keep_zone(self._zone)
                self._zone = None
        elif self._part is not None:
            self._end_inside(self._part, line, name)
        elif name == self._skipped:
            self._skipped = b""

    def _end_inside(self, part: Part, line: bytes, name: bytes) -> None:
        if name == b"VEVENT":
            self._close(whole=not self._inside)
        elif self._inside and self._inside[-1] == name:
            if b"VALARM" not in self._inside:
                part.lines.append(line)
            self._inside.pop()
        elif b"VALARM" not in self._inside:
            part.whole = False  # what ends here has not begun

    def _close(self, *, whole: bool) -> None:
        """The open event ends here, and so does whatever else was open."""
        if self._part is not None:
            if len(self.parts) == MAX_EVENTS:
                raise NotAFeed(f"it holds more than {MAX_EVENTS:,} events")
            self._part.whole &= whole
            self.parts.append(self._part)
        self._part, self._zone, self._skipped, self._inside, self._last = None, None, b"", [], b""

    def _keep_zone(self, lines: list[bytes]) -> None:
        name = next((line[4:] for line in lines if line[:4].upper() == b"TZID" and line[4:5] in (b":", b";")), b"")
        self.scopes[-1].zones.setdefault(name.partition(b":")[2].strip(b' "'), tuple(lines))


def _settle_zone(part: Part) -> None:
    if b"X-WR-TIMEZONE" not in part.scope.head:
        return
    zone = part.scope.default_zone()
    for at, line in enumerate(part.lines) if zone else ():
        found = _FLOATING.fullmatch(line) if line[:1] in b"DREdre" else None
        if found is not None and b"VALUE=DATE:" not in line.upper():
            part.lines[at] = b"%s%s;TZID=%s:%s" % (found[1], found[2], zone, found[3])
