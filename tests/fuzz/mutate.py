"""Bytes and JSON values made worse, by a seeded random choice."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

TOKENS = [
    b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"BEGIN:VALARM\r\n", b"END:VALARM\r\n", b"BEGIN:VTIMEZONE\r\n",
    b"END:VTIMEZONE\r\n", b"BEGIN:VTODO\r\n", b"BEGIN:X-A\r\n", b"END:X-A\r\n", b"UID:u1\r\n", b"UID:\r\n", b"\r\n ",
    b"\n\t", b"\r", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\x81", b":", b";", b",", b'"', b"\\", b"\\n",
    b"=", b"^n", b"T", b"Z", b"-", b"+", b"0", b"9", b"99999999999999999999", b"-1", b"RRULE:FREQ=SECONDLY\r\n",
    b"RRULE:FREQ=DAILY;COUNT=1000000000\r\n", b"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n",
    b"RRULE:FREQ=MINUTELY;INTERVAL=1;BYMONTH=2;BYMONTHDAY=31\r\n", b"RRULE:FREQ=DAILY;UNTIL=99991231T235959Z\r\n",
    b"RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=400\r\n", b"RDATE;VALUE=PERIOD:", b"RDATE:20260101T000000Z/P99999D\r\n",
    b"EXDATE:99991231T235959Z\r\n", b"EXDATE:00010101\r\n", b";VALUE=DATE", b";TZID=", b";TZID=Customized Time Zone",
    b";TZID=Europe/Berlin", b";TZID=../../etc/passwd", b";TZID=GMT+9900", b"DURATION:P1W2D\r\n",
    b"DURATION:-PT1H\r\n", b"DURATION:P99999999999D\r\n", b"DTSTART:00010101T000000Z\r\n",
    b"DTSTART:99991231T235959Z\r\n", b"DTSTART;VALUE=DATE:20261301\r\n", b"DTEND:19000101T000000Z\r\n",
    b"RECURRENCE-ID:20260101T000000Z\r\n", b"RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T000000Z\r\n",
    b"X-WR-TIMEZONE:Mars/Olympus\r\n", b"TZOFFSETTO:+9999\r\n", b"TRIGGER:-P99999999W\r\n",
    b"TRIGGER;RELATED=END:PT\r\n", b"ATTENDEE:\r\n", b"ORGANIZER;CN=\"a\\\"b\":mailto:\r\n",
]  # fmt: skip


def worse(raw: bytes, random: Random, others: list[bytes]) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        raw = _once(raw, random, others)
    return raw


def _once(raw: bytes, random: Random, others: list[bytes]) -> bytes:
    if not raw:
        return random.choice(TOKENS)
    at = random.randrange(len(raw))
    end = min(len(raw), at + random.choice((1, 2, 5, 20, 100, 1000)))
    match random.randrange(20):
        case 0:
            return raw[:at] + bytes([raw[at] ^ 1 << random.randrange(8)]) + raw[at + 1 :]
        case 1:
            return raw[:at] + raw[end:]
        case 2:
            return raw[:end] + raw[at:end] * random.choice((1, 2, 30)) + raw[end:]
        case 3 | 4 | 5:
            return raw[:at] + random.choice(TOKENS) + raw[at:]
        case 6:
            return raw[:at]
        case 7 | 8:
            other = random.choice(others)
            begin = random.randrange(len(other) + 1)
            return raw[:at] + other[begin : begin + random.choice((5, 50, 500))] + raw[end:]
        case 9:
            return raw[:at] + random.randbytes(random.randint(1, 6)) + raw[end:]
    lines = raw.splitlines(keepends=True)
    one, two = random.randrange(len(lines)), random.randrange(len(lines))
    if random.random() < 0.5:
        lines[one], lines[two] = lines[two], lines[one]
    else:
        lines[one:one] = [random.choice([token for token in TOKENS if token.endswith(b"\n")])]
    return b"".join(lines)


STRANGE: list[Any] = [
    None, True, False, 0, -1, 1e308, 10**30, "", " ", "\0", "\ud800", "x" * 5000, [], {}, [None], {"": None}, [[]],
    "2026-02-30", "2026-11-24T25:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-11-24",
    "2026-11-24T10:00:00.0000000", "UTC", "Mars/Olympus", "tzone://Microsoft/Custom", "Customized Time Zone",
    "RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;COUNT=9999999999", "EXDATE;TZID=x:1", "RDATE;VALUE=PERIOD:1/2", "weekly",
    "absoluteYearly", "noEnd", "numbered", "cancelled", "seriesMaster", "exception", "occurrence",
    "<html><body>" + "<div>" * 300, "&#x110000;", "mailto:", "a@b",
]  # fmt: skip


def worse_value(value: Any, random: Random, others: list[Any]) -> Any:
    value = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        places = list(_places(value))
        if not places:
            return copy.deepcopy(random.choice(STRANGE))
        holder, key = random.choice(places)
        match random.randrange(5):
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(random.choice(STRANGE))
            case 2:
                taken = list(_places(random.choice(others)))
                other, name = random.choice(taken) if taken else ([0], 0)
                holder[key] = copy.deepcopy(other[name])
            case 3 if isinstance(holder[key], str):
                text = worse(holder[key].encode("utf-8", "surrogatepass"), random, [b"x"])
                holder[key] = text.decode("utf-8", "replace")
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                name = random.choice((*map(str, holder), "recurrence", "type", "timeZone"))
                holder[name] = copy.deepcopy(holder[key])
    return value


def _places(value: Any) -> Any:
    """(container, key) of every value within."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode()
