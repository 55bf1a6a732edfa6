"""The loss table of the Google mapping: what an event loses, or shows only roughly, on its way to Google.

Shape   field of the form -> words for a person. "kept" values come back exactly (kept), up to about 5,400 bytes an
        event; `HELD` is what is not written at all until a person decides. Fields in neither table are exact
"""

from __future__ import annotations

from collections.abc import Mapping

LOSSES: Mapping[str, str] = {
    "guests": "never written to a copy; read from Google",
    "organizer": "never written to a copy; read from Google where there are guests",
    "attachments": "links are kept, not shown; files attached at Google are read and never removed",
    "categories": "kept, not shown",
    "color": "the nearest of Google's eleven colours is shown, the colour itself kept",
    "url": "web addresses are shown as the event's source; others, and those of somebody else's event, are kept",
    "reminders": "up to five popups and mails of whole minutes before the start, at most four weeks; one that Google "
    "cannot say is kept, with a popup in its place where one can stand for it; Google's default ones read as none",
    "status": "a cancelled event that is still there is shown as tentative, and kept",
    "visibility": "one instance's own is kept, not applied: Google would apply it to the series",
    "description": "8,192 characters are shown, the rest kept; HTML reads as text, text that looks like it is escaped",
    "time": "an event without a time zone is shown in the calendar's own; new zone names are written as older ones",
    "recurrence": "a number of dates is written as their end where the rule does not begin at the start of the event, "
    "since systems count such a start or do not",
    "": "a cancelled date of an event that does not repeat means nothing and is dropped",
}

HELD: Mapping[str, str] = {
    "time": "no length; a start and an end of which one is a day; one instance with, its series without a time zone",
    "recurrence": "more often than daily, other calendars than the Gregorian, COUNT with UNTIL, extra dates with a "
    "length of their own",
    "": "a changed instance that is no date of its series, a new instance of a series that is not here, the only date "
    "of an event cancelled",
    "uid": "more than 8,000 characters",
}
