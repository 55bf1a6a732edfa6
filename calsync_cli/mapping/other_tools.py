"""Events that another known program put into a calendar as copies of events elsewhere (N5). Pure.

Shape   a look at what such programs write beside their copies -> the program's name, "" for all other events
Shown   Google's private properties and iCalendar; what programs keep in Outlook is shown to those only who ask by name
Not     what a program marks that is no copy (Reclaim, of any event it has touched), and tools that leave no mark
Source  the programs' own code, public repositories: inovex/CalendarSync (adapter/google/event.go, adapter/apple),
        phw198/OutlookGoogleCalendarSync (Google/CustomProperty.cs), bobuk/gcalsync (sync.go, caldav_calendar.go),
        derekantrican/GAS-ICS-Sync (Code.gs); `sourceEventId` is what scripts for Google call the event they copied
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CALENDAR_SYNC, GCALSYNC, OGCS = "CalendarSync", "gcalsync", "Outlook Google Calendar Sync"
GAS, SCRIPT = "GAS-ICS-Sync", "a script that copies events"

_PRIVATE = (
    ("inovex.calendarsync.", CALENDAR_SYNC), ("outlook_EntryID", OGCS), ("outlook_GlobalApptID", OGCS),
    ("outlook_CalendarID", OGCS), ("fromGAS", GAS), ("sourceEventId", SCRIPT),
)
"""Beginnings of names: some are numbered."""
_OLDER_CALENDAR_SYNC = frozenset({"EventID", "OriginalEventUri", "SourceID"})
_PRODID = re.compile(r"-//CalendarSync//CalendarSync \d", re.ASCII)
_UID = re.compile(r"gcalsync-\d{8}T\d{6}Z", re.ASCII)
_TITLE = "O_o "


def of_private(private: Mapping[str, object], title: str) -> str:
    """By the private properties of an event at Google."""
    found = (tool for begin, tool in _PRIVATE if any(name.startswith(begin) for name in private))
    if tool := next(found, ""):
        return tool
    return CALENDAR_SYNC if private.keys() >= _OLDER_CALENDAR_SYNC else of_title(title)


def of_lines(prodid: str, uid: str, title: str) -> str:
    """By the lines of an iCalendar object."""
    if _PRODID.match(prodid):
        return CALENDAR_SYNC
    return GCALSYNC if _UID.fullmatch(uid) else of_title(title)


def of_title(title: str) -> str:
    return GCALSYNC if title.startswith(_TITLE) else ""
