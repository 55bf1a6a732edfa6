"""The loss table of the Graph mapping: what an event loses, or shows only roughly, on its way to Outlook.

Shape   field of the form -> words for a person. "kept" values come back exactly (kept), up to 30,000 characters an
        event set; `HELD` is what is not written at all until a person decides. Fields in neither table are exact
"""

from __future__ import annotations

from collections.abc import Mapping

LOSSES: Mapping[str, str] = {
    "guests": "never written to a copy; read from Outlook",
    "organizer": "never written to a copy; read from Outlook where there are guests",
    "attachments": "links are kept, not shown; files attached at Outlook are neither read nor removed",
    "color": "kept, not shown: Outlook colours by category",
    "url": "kept, not shown; of an online meeting the link to join is read",
    "title": "255 characters in one line are shown, the whole is kept",
    "location": "the text only; address and coordinates of another place go with a new text",
    "description": "shown as Outlook shows HTML: no blanks at the ends of lines, no second empty line, blanks for "
    "tabs; the text itself is kept. HTML reads as text; the join block of an online meeting is not shown and never "
    "changed",
    "visibility": "`personal` reads as private",
    "busy": "out of office and working elsewhere read as busy, and stay",
    "status": "a cancelled event that is still there is shown as tentative, and kept; so is a free one that is "
    "tentative",
    "reminders": "one on the screen, whole minutes before the start: the nearest; all others, and what is shown only "
    "roughly, are kept",
    "time": "an event without a time zone is shown in the mailbox's own, a zone that Outlook lacks in one with the "
    "same clock, a single time that comes twice or not at all in UTC; the zone itself is kept",
    "recurrence": "written as Outlook's pattern with the same dates, the rule itself kept; an end after August 4500 is "
    "none, more than 999 times end at the date of the last",
    "": "a cancelled date of an event that does not repeat means nothing and is dropped; one that is no date is kept",
}

HELD: Mapping[str, str] = {
    "time": "an event without a time zone while the mailbox's is not known, or at a time that zone leaves out; one "
    "instance with, its series without a time zone; a series in a zone whose clock no zone of Outlook keeps, or that "
    "ends in another zone and changes its length by it; occurrences longer than the time between them",
    "recurrence": "extra dates, several rules, and every rule without a pattern of the very same dates (rules)",
    "description": "of an online meeting whose join block cannot be told from its text",
    "": "a deleted date brought back; an instance moved onto or past the day of another one; a changed instance that "
    "is no date of its series, a new instance of a series that is not here, the only date of an event cancelled",
    "uid": "more than 2,000 characters",
}
