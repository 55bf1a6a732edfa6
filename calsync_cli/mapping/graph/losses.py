"""The loss table of the Graph mapping: what an event loses, or shows only roughly, on its way to Outlook.

Shape   field of the form -> clauses for a person, each with a test of its own. "kept" values come back exactly (kept),
        up to 30,000 characters an event set; `HELD` is what is not written at all until a person decides. Fields in
        neither table are exact
"""

from __future__ import annotations

from collections.abc import Mapping

Clauses = Mapping[str, tuple[str, ...]]

LOSSES: Clauses = {
    "guests": ("never written to a copy; read from Outlook",),
    "organizer": ("never written to a copy; read from Outlook where there are guests",),
    "attachments": (
        "links are kept, not shown",
        "files attached at Outlook are neither read nor removed",
    ),
    "color": ("kept, not shown: Outlook colours by category",),
    "url": ("kept, not shown", "of an online meeting the link to join is read"),
    "title": ("255 characters in one line are shown, the whole is kept",),
    "location": ("address and coordinates go with a new text",),
    "description": (
        "shown without blanks at the ends of lines, second empty lines and tabs; the text itself is kept",
        "HTML reads as text",
        "the join block of an online meeting is not shown and never changed",
    ),
    "visibility": ("`personal` reads as private",),
    "busy": ("out of office and working elsewhere read as busy, and stay",),
    "status": (
        "a cancelled event that is still there is shown as tentative, and kept",
        "a free event that is tentative is shown as free, and kept",
    ),
    "reminders": (
        "of several the nearest to the start is shown, on the screen; the others are kept",
        "one that is no whole number of minutes before the start is shown roughly, and kept",
    ),
    "time": (
        "an event without a time zone is shown in the mailbox's own; that it has none is kept",
        "a zone that Outlook lacks is shown as one with the same clock, and kept",
        "a single time that comes twice or not at all is shown in UTC, its zone kept",
        "a series that ends in another zone is shown as ending in its own, and kept",
    ),
    "recurrence": (
        "shown as Outlook's pattern with the same dates, the rule itself kept",
        "an end after August 4500 is shown as none, and kept",
        "more than 999 times are shown as ending at the date of the last, and kept",
    ),
    "": (
        "a cancelled date of an event that does not repeat is dropped",
        "a cancelled date that is none of its series is kept, not shown",
    ),
}

HELD: Clauses = {
    "time": (
        "an event without a time zone while the mailbox's is not known",
        "a series without a time zone at a time that the mailbox's leaves out",
        "one instance without a time zone, its series with one",
        "one instance with a time zone, its series without one",
        "a series in a zone whose clock no zone of Outlook keeps",
        "a series that ends in another zone, where that changes how long it lasts",
        "occurrences longer than the time between them",
    ),
    "recurrence": (
        "extra dates",
        "several rules",
        "a rule without a pattern of the very same dates (rules)",
    ),
    "description": ("of an online meeting whose join block cannot be told from its text",),
    "": (
        "a deleted date brought back",
        "an instance moved onto or past the day of another one",
        "a changed instance that is no date of its series",
        "a new instance of a series that is not here",
        "the only date of an event cancelled",
        "a meeting of somebody else, but for what is one's own to say (standing)",
        "a meeting that was never sent",
    ),
    "uid": ("more than 2,000 characters",),
}
