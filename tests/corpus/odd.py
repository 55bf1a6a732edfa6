"""How the objects of the corpus are written down: only what is odd about them, around an ordinary event.

Shape   event(...), series(...) and cal(...) -> bytes; lines are text or bytes, with their folds in them as they stand.
        An ordinary line (UID, DTSTAMP, DTSTART, DTEND, SUMMARY, of a series RRULE) is left out where one of its name is
        given, or "-NAME"; DTEND also where there is a DURATION
Refused Refused(reason, payload) is an object that calsync must leave alone, with words of the reason that it gives (O8)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Text = str | bytes
CRLF = b"\r\n"
ORDINARY = (
    "UID:odd@corpus.test", "DTSTAMP:20260102T030405Z", "DTSTART;TZID=Europe/Berlin:20261124T093000",
    "DTEND;TZID=Europe/Berlin:20261124T103000", "SUMMARY:Planning",
)  # fmt: skip
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=6"
HEAD = ("VERSION:2.0", "PRODID:-//Somebody//Some Program 1.0//EN")
ALL_DAY = ("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125")
UTC = ("DTSTART:20261124T083000Z", "DTEND:20261124T093000Z")


@dataclass(frozen=True)
class Refused:
    reason: str
    payload: bytes


Object = bytes | Refused
Table = dict[str, Object]


def _bytes(text: Text) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


def name_of(line: Text) -> str:
    head = _bytes(line).partition(b":")[0].partition(b";")[0]
    return head.replace(CRLF + b" ", b"").replace(CRLF + b"\t", b"").decode("latin-1").strip().upper()


def _with_ordinary(lines: Sequence[Text], ordinary: Iterable[str]) -> list[Text]:
    given = {name_of(line).removeprefix("-") for line in lines}
    given |= {"DTEND"} if "DURATION" in given else set()
    own = [line for line in lines if not _bytes(line).startswith(b"-")]
    return [*(line for line in ordinary if name_of(line) not in given), *own]


def part(name: str, *lines: Text) -> bytes:
    """A component within another; its lines have no end yet."""
    return CRLF.join([b"BEGIN:" + name.encode(), *map(_bytes, lines), b"END:" + name.encode()])


def vevent(*lines: Text) -> bytes:
    return part("VEVENT", *_with_ordinary(lines, ORDINARY))


def override(which: str, *lines: Text) -> bytes:
    """A changed instance of the ordinary series. which: the whole RECURRENCE-ID line."""
    start = ("DTSTART;TZID=Europe/Berlin:20261201T140000", "DTEND;TZID=Europe/Berlin:20261201T150000")
    return part("VEVENT", *_with_ordinary([which, *lines], [*ORDINARY[:2], *start, "SUMMARY:Moved"]))


SECOND = "RECURRENCE-ID;TZID=Europe/Berlin:20261201T093000"


def cal(*parts: Text, head: Sequence[Text] = HEAD, newline: bytes = CRLF) -> bytes:
    whole = CRLF.join([b"BEGIN:VCALENDAR", *map(_bytes, head), *map(_bytes, parts), b"END:VCALENDAR", b""])
    return whole if newline == CRLF else whole.replace(CRLF, newline)


def event(*lines: Text, zones: Sequence[bytes] = (), more: Sequence[bytes] = ()) -> bytes:
    return cal(*zones, vevent(*lines), *more)


def series(*lines: Text, zones: Sequence[bytes] = (), more: Sequence[bytes] = ()) -> bytes:
    return cal(*zones, part("VEVENT", *_with_ordinary(lines, [*ORDINARY, WEEKLY])), *more)


def zone(name: str, *observances: bytes, more: Sequence[Text] = ()) -> bytes:
    return part("VTIMEZONE", f"TZID:{name}", *more, *observances)


def standard(start: str, before: str, after: str, *lines: Text, kind: str = "STANDARD") -> bytes:
    return part(kind, f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *lines)


def berlin(name: str = "Europe/Berlin", *lines: Text) -> bytes:
    winter = standard("19701025T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")
    summer = standard("19700329T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", kind="DAYLIGHT")
    return zone(name, winter, summer, more=lines)


def alarm(*lines: Text) -> bytes:
    return part("VALARM", *lines)
