"""Calendars made from a seed, of the kinds people have (facts 7.1): the same bytes from the same seed anywhere.

Shape   event(number, seed) -> one event set with CRLF, about 1 kB; events(count) -> {name: payload}, names end in .ics;
        edited(payload, n) -> the same event after a person has changed its title and place
Mix     a zone in all but the all-day ones, a weekly rule in a quarter and a moved instance in every twentieth, guests
        in every tenth, an alarm in half of them, some lines of other programs
Alone   imports nothing but the standard library: it is loaded by servers and by scripts that are measured
"""

from __future__ import annotations

from random import Random

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
    "music", "meeting", "weekly", "notes", "Rückblick", "café", "agenda", "room", "call",
)
IN_BERLIN = ";TZID=Europe/Berlin"


def event(number: int, seed: int = 1) -> bytes:
    """An event depends on its number and the seed alone, so a longer calendar begins with a shorter one."""
    return payload(vevents(number, Random(f"{seed}/{number}")))


def events(count: int, seed: int = 1, start: int = 0) -> dict[str, bytes]:
    return {f"{uid(number, seed)}.ics": event(number, seed) for number in range(start, start + count)}


def uid(number: int, seed: int = 1) -> str:
    return f"{Random(f'uid/{seed}/{number}').getrandbits(128):032x}"


def edited(body: bytes, version: int = 1) -> bytes:
    """What a person does: another title and another place, in the series itself."""
    head, _, rest = body.partition(b"SUMMARY:")
    title, _, rest = rest.partition(b"\r\n")
    body = head + b"SUMMARY:" + title.partition(b" (")[0] + b" (moved %d)\r\n" % version + rest
    head, _, rest = body.partition(b"LOCATION:")
    return head + b"LOCATION:Room %d\r\n" % version + rest.partition(b"\r\n")[2]


def payload(components: str) -> bytes:
    zone = ZONE if IN_BERLIN in components else ""
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//bench//EN\n{zone}{components}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def feed(count: int, seed: int = 1) -> bytes:
    """All of them in one file."""
    return payload("".join(vevents(number, Random(f"{seed}/{number}")) for number in range(count)))


def vevents(number: int, random: Random) -> str:
    """The VEVENTs of one set, LF at the ends."""
    name = random.getrandbits(128)
    day, hour = f"2026{random.randint(1, 12):02}{random.randint(1, 28):02}", random.randint(6, 20)
    title = f"{random.choice(WORDS).title()} {random.choice(WORDS)} {number}"
    said = " ".join(random.choice(WORDS) for _ in range(random.randint(10, 50)))
    weekly = number % 4 == 1
    lines = ["BEGIN:VEVENT", f"UID:{name:032x}@example.org", "DTSTAMP:20260101T000000Z"]
    if number % 8 == 0:
        lines += [f"DTSTART;VALUE=DATE:{day}"]
    else:
        lines += [f"DTSTART{IN_BERLIN}:{day}T{hour:02}0000", f"DTEND{IN_BERLIN}:{day}T{hour + 1:02}3000"]
    lines += [
        f"SUMMARY:{title}", "LOCATION:Room 4\\, second floor", "STATUS:CONFIRMED",
        *folded(f"DESCRIPTION:{said}\\nhttps://example.org/{number}"), "SEQUENCE:1", "CATEGORIES:Work,Team",
        "CREATED:20251201T080000Z", "LAST-MODIFIED:20251224T101500Z", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    ]
    if weekly:
        lines += [f"RRULE:FREQ=WEEKLY;COUNT={random.randint(3, 40)}"]
    if number % 10 == 0:
        lines += ["ORGANIZER;CN=Ann:mailto:ann@example.org"]
        lines += [f"ATTENDEE;CN=Guest {n};PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:g{n}@example.org" for n in range(6)]
    if number % 2:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Reminder", "END:VALARM"]
    if weekly and number % 20 == 1:
        lines += [
            "END:VEVENT", "BEGIN:VEVENT", f"UID:{name:032x}@example.org", "DTSTAMP:20260101T000000Z",
            f"RECURRENCE-ID{IN_BERLIN}:{day}T{hour:02}0000", f"DTSTART{IN_BERLIN}:{day}T{hour + 1:02}0000",
            f"DTEND{IN_BERLIN}:{day}T{hour + 2:02}0000", f"SUMMARY:{title}, later", "LOCATION:Room 5", "SEQUENCE:2",
        ]
    return "\n".join([*lines, "END:VEVENT", ""])


def folded(line: str) -> list[str]:
    """In lines of at most 75 octets (RFC 5545 3.1); a letter is never cut."""
    parts, room = [""], 75
    for letter in line:
        size = len(letter.encode())
        if size > room:
            parts.append(" ")
            room = 74
        parts[-1] += letter
        room -= size
    return parts
