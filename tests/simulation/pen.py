"""What a person's client does to the text of an event. Nothing of calsync is used here.

Shape   bytes of one calendar object in, bytes out; lines are unfolded on the way
Words   every value a person writes holds a token, `tok17x`; what never crosses holds `keep17x`; the URL, which nobody
        edits, holds `birth17x`, so that the truth about which event this is travels with it (X6)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

TOKEN = re.compile(rb"tok\d+x")
KEEP = re.compile(rb"keep\d+x")
BIRTH = re.compile(rb"birth\d+x")
BLOCK = b"@calsync"
_UID = re.compile(rb"^UID:([^\r\n]*)", re.MULTILINE)
_ALIAS = re.compile(rb"-calsync-[0-9a-f]{8}$")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia",
         "UTC", "day")
"""Where events happen; "day": all of a day."""

NL = b"\r\n"
STAMP = "%Y%m%dT%H%M%S"


@lru_cache(maxsize=4096)
def flat(payload: bytes) -> bytes:
    return payload.replace(b"\r\n ", b"") if b"\r\n " in payload else payload


@lru_cache(maxsize=4096)
def tokens(payload: bytes) -> frozenset[bytes]:
    return frozenset(TOKEN.findall(flat(payload)))


def keeps(payload: bytes) -> set[bytes]:
    """Notes of people's own; a date's exception repeats those of its series."""
    return set(KEEP.findall(flat(payload)))


@lru_cache(maxsize=4096)
def identity(payload: bytes) -> tuple[bytes, bytes]:
    """(birth, ""), or (birth, UID) for what calsync made an event of its own of: a conflict copy, a detached date. A
    block shows nothing of its event but the time: (its own UID, "")."""
    text = flat(payload)
    born = BIRTH.search(text)
    uid = uid_of(payload)
    if born is None and uid.endswith(BLOCK):
        return (uid, b"")
    return (born[0] if born else b"", uid if b"-calsync-" in uid else b"")


def uid_of(payload: bytes) -> bytes:
    """The UID, also of a copy that had to take a derived one (K5)."""
    found = _UID.search(flat(payload))
    return _ALIAS.sub(b"", found[1]) if found and not _MADE.search(found[1]) else found[1] if found else b""


_MADE = re.compile(rb"-calsync-(?:copy-|\d{8})")


def event(uid: str, birth: str, title: str, start: datetime, zone: str, *more: str) -> bytes:
    """A new event of an hour, or of a day."""
    name = "DATE" if zone == "day" else "TZID"
    if zone == "day":
        when = [f"DTSTART;VALUE={name}:{start:%Y%m%d}", f"DTEND;VALUE={name}:{start + timedelta(days=1):%Y%m%d}"]
    elif zone == "UTC":
        when = [f"DTSTART:{start.strftime(STAMP)}Z", f"DTEND:{(start + timedelta(hours=1)).strftime(STAMP)}Z"]
    else:
        ends = start + timedelta(hours=1)
        when = [f"DTSTART;{name}={zone}:{start.strftime(STAMP)}", f"DTEND;{name}={zone}:{ends.strftime(STAMP)}"]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//people//EN", "BEGIN:VEVENT", f"UID:{uid}",
        "DTSTAMP:20260101T000000Z", *when, f"SUMMARY:{title}", f"URL:https://example.org/{birth}", *more,
        "END:VEVENT", "END:VCALENDAR", "",
    ]
    return NL.join(line.encode() for line in lines)


# -- reading -----------------------------------------------------------------------------------------------------------


def _events(lines: list[bytes]) -> list[tuple[int, int]]:
    begins = [i for i, line in enumerate(lines) if line == b"BEGIN:VEVENT"]
    ends = [i for i, line in enumerate(lines) if line == b"END:VEVENT"]
    return list(zip(begins, ends, strict=True))


def _find(lines: list[bytes], span: tuple[int, int], name: bytes) -> int | None:
    """The line of a property, not of an alarm inside."""
    depth = 0
    for i in range(span[0] + 1, span[1]):
        line = lines[i]
        if line.startswith(b"BEGIN:"):
            depth += 1
        elif line.startswith(b"END:"):
            depth -= 1
        elif not depth and line.startswith(name) and line[len(name) : len(name) + 1] in (b":", b";"):
            return i
    return None


def _master(lines: list[bytes]) -> tuple[int, int]:
    return next(span for span in _events(lines) if _find(lines, span, b"RECURRENCE-ID") is None)


def value_of(payload: bytes, name: str) -> bytes | None:
    """Of the master, after the colon."""
    lines = flat(payload).split(NL)
    at = _find(lines, _master(lines), name.encode())
    return None if at is None else lines[at].partition(b":")[2]


def repeats(payload: bytes) -> bool:
    return value_of(payload, "RRULE") is not None


# -- writing -----------------------------------------------------------------------------------------------------------


def _put(lines: list[bytes], span: tuple[int, int], name: bytes, line: bytes | None) -> list[bytes]:
    at = _find(lines, span, name)
    if at is not None:
        return lines[:at] + ([line] if line is not None else []) + lines[at + 1 :]
    return lines if line is None else [*lines[: span[0] + 1], line, *lines[span[0] + 1 :]]


def written(payload: bytes, name: str, value: str | None) -> bytes:
    """A property of the master changed, or (None) removed."""
    lines = flat(payload).split(NL)
    line = None if value is None else f"{name}:{value}".encode()
    return NL.join(_put(lines, _master(lines), name.encode(), line))


def moved(payload: bytes, by: timedelta) -> bytes:
    """Start and end by the same time; what was cancelled or edited of a series moves too, as clients do it."""
    lines = flat(payload).split(NL)
    for span in _events(lines):
        for name in (b"DTSTART", b"DTEND", b"RECURRENCE-ID", b"EXDATE", b"RDATE"):
            at = _find(lines, span, name)
            if at is not None:
                head, _, values = lines[at].partition(b":")
                lines[at] = head + b":" + b",".join(_shifted(value, by) for value in values.split(b","))
    return NL.join(lines)


def _shifted(value: bytes, by: timedelta) -> bytes:
    text = value.decode()
    if "T" not in text:
        return (datetime.strptime(text, "%Y%m%d") + timedelta(days=by.days or 1)).strftime("%Y%m%d").encode()
    at = datetime.strptime(text.rstrip("Z"), STAMP) + by
    return (at.strftime(STAMP) + ("Z" if text.endswith("Z") else "")).encode()


def date_of(payload: bytes, number: int) -> tuple[bytes, bytes, bytes]:
    """(parameters, value, value in UTC) of the n-th week of a weekly series."""
    lines = flat(payload).split(NL)
    at = _find(lines, _master(lines), b"DTSTART")
    assert at is not None
    head, _, value = lines[at].partition(b":")
    params, text = head.removeprefix(b"DTSTART"), value.decode()
    if "T" not in text:
        day = (datetime.strptime(text, "%Y%m%d") + timedelta(weeks=number)).strftime("%Y%m%d").encode()
        return params, day, day
    local = datetime.strptime(text.rstrip("Z"), STAMP) + timedelta(weeks=number)
    zone = UTC if text.endswith("Z") else ZoneInfo(params.partition(b"TZID=")[2].decode())
    utc = (local.replace(tzinfo=zone).astimezone(UTC).strftime(STAMP) + "Z").encode()
    return params, local.strftime(STAMP).encode() + (b"Z" if text.endswith("Z") else b""), utc


def has_date(payload: bytes, number: int) -> bool:
    """Whether the n-th date is neither cancelled nor an exception yet."""
    _, value, utc = date_of(payload, number)
    lines = flat(payload).split(NL)
    said = [line for line in lines if line.startswith((b"EXDATE", b"RECURRENCE-ID"))]
    return not any(value in line or utc in line for line in said)


def cancelled(payload: bytes, number: int) -> bytes:
    params, value, _ = date_of(payload, number)
    lines = flat(payload).split(NL)
    begin, _ = _master(lines)
    return NL.join([*lines[: begin + 1], b"EXDATE" + params + b":" + value, *lines[begin + 1 :]])


def excepted(payload: bytes, number: int, title: str, by: timedelta = timedelta(0)) -> bytes:
    """One date with a title of its own, perhaps at another time."""
    params, value, _ = date_of(payload, number)
    lines = flat(payload).split(NL)
    start = _shifted(value, by) if by and b"T" in value else value
    length = timedelta(hours=1) if b"T" in value else timedelta(days=1)
    uid = _UID.search(flat(payload))
    assert uid is not None
    part = [
        b"BEGIN:VEVENT", b"UID:" + uid[1], b"DTSTAMP:20260101T000000Z", b"RECURRENCE-ID" + params + b":" + value,
        b"DTSTART" + params + b":" + start, b"DTEND" + params + b":" + _shifted(start, length),
        b"SUMMARY:" + title.encode(), *_inherited(lines), b"END:VEVENT",
    ]
    end = lines.index(b"END:VCALENDAR")
    return NL.join([*lines[:end], *part, *lines[end:]])


def _inherited(lines: list[bytes]) -> list[bytes]:
    """A client repeats what the series says."""
    span = _master(lines)
    names = (b"URL", b"LOCATION", b"DESCRIPTION", b"CATEGORIES")
    return [lines[at] for name in names if (at := _find(lines, span, name)) is not None]


def twin(payload: bytes, uid: str, birth: str, fresh: Callable[[], str]) -> bytes:
    """A person duplicates an event: everything comes along, a private marker too, but for UID and words."""
    text = BIRTH.sub(birth.encode(), flat(payload))
    text = TOKEN.sub(lambda found: fresh().encode(), text)
    return re.sub(rb"^UID:[^\r\n]*", b"UID:" + uid.encode(), text, flags=re.MULTILINE)
