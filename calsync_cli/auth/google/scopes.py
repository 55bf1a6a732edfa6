"""What calsync asks Google for: as little as the account's `access` needs (facts 1.6). Pure.

Shape   SCOPES[access] is asked for; `missing(access, granted)` is what a person unticked, with its words on the page
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

PREFIX = "https://www.googleapis.com/auth/"
LIST = PREFIX + "calendar.calendarlist.readonly"
READ = PREFIX + "calendar.events.readonly"
WRITE = PREFIX + "calendar.events"
CREATE = PREFIX + "calendar.calendars"
SCOPES: Mapping[str, Sequence[str]] = {
    "read": (READ, LIST), "write": (WRITE, LIST), "create": (WRITE, CREATE, LIST),
}
WORDS = {
    LIST: "See the list of Google calendars you're subscribed to",
    READ: "View events on all your calendars",
    WRITE: "View and edit events on all your calendars",
    CREATE: "See and change the properties of Google calendars you have access to, and create secondary calendars",
}
_WIDER: Mapping[str, Sequence[str]] = {
    LIST: ("calendar.calendarlist", "calendar.readonly", "calendar"),
    READ: ("calendar.events", "calendar.readonly", "calendar"),
    WRITE: ("calendar",),
    CREATE: ("calendar",),
}


def missing(access: str, granted: Collection[str]) -> list[str]:
    """Scopes that are needed and neither granted nor part of a wider one that is."""
    return [
        scope for scope in SCOPES[access]
        if scope not in granted and not any(PREFIX + wider in granted for wider in _WIDER[scope])
    ]


def in_words(scopes: Collection[str]) -> str:
    return " and ".join(f'"{WORDS[scope]}" ({scope.removeprefix(PREFIX)})' for scope in scopes)
