"""The loss table of the Graph mapping: what an event loses, or shows only roughly, on its way to Outlook.

Shape   mapping.losses.Table. What is kept comes back exactly (kept), up to 30,000 characters an event set
"""

from __future__ import annotations

from calsync_cli.mapping.losses import EVENT, Table, held, hidden, left, read, rough
from calsync_cli.model.series import CARRIED

LOSSES: Table = {
    "guests": (left("nobody is invited to a copy"),),
    "organizer": (
        left("a copy is an event of its calendar's owner"),
        read("of an event without guests it is not read"),
    ),
    "attachments": (
        hidden("always"),
        read("files attached at Outlook are neither read nor removed"),
    ),
    "color": (hidden("always: Outlook colours by category"),),
    "url": (
        hidden("always"),
        read("of an online meeting the link to join is read"),
    ),
    "title": (rough("255 characters in one line are shown"),),
    "location": (
        read("address and coordinates are not read, and go with a new text"),
        read("several places read as one text"),
    ),
    "description": (
        rough("without blanks at the ends of lines, second empty lines and tabs"),
        read("HTML reads as text"),
        read("the join block of an online meeting is not read, and never changed"),
        held("of an online meeting whose join block cannot be told from its text"),
    ),
    "visibility": (read("`personal` reads as private, and stays"),),
    "busy": (read("out of office, working elsewhere and unknown read as busy, and stay"),),
    "status": (
        rough("a cancelled event that is still there is shown as tentative"),
        hidden("of a free event that is tentative: it is shown as free"),
    ),
    "reminders": (
        rough("of several the nearest to the start is shown, on the screen; whole minutes only"),
        hidden("after the start"),
    ),
    "time": (
        rough("an event without a time zone is shown in the mailbox's own"),
        rough("a zone that Outlook lacks is shown as one with the same clock"),
        rough("a single time that comes twice or not at all is shown in UTC"),
        rough("a series that ends in another zone is shown as ending in its own"),
        read("a time zone that nobody knows is read by its instants"),
        read("an end before its start reads as that start; of whole days as one day"),
        held("an event without a time zone while the mailbox's is not known"),
        held("a series without a time zone at a time that the mailbox's leaves out"),
        held("one instance without a time zone, its series with one"),
        held("one instance with a time zone, its series without one"),
        held("a series in a zone whose clock no zone of Outlook keeps"),
        held("a series that ends in another zone, where that changes how long it lasts"),
        held("occurrences longer than the time between them"),
        held("before the year 1001 or after 9997"),
    ),
    "recurrence": (
        rough("as Outlook's pattern with the same dates"),
        rough("an end after August 4500 is shown as none"),
        rough("more than 999 times are shown as ending at the date of the last"),
        held("extra dates"),
        held("several rules"),
        held("more often than daily"),
        held("by another calendar than the Gregorian"),
        held("in weeks or on days of the year given by number"),
        held("at other times of the day than its own"),
        held("an end by number and by date at once"),
        held("steps of 100 days or weeks and more"),
        held("several days of the month, or days counted from its end"),
        held("a day that some months lack, where these are left out"),
        held("several n-th weekdays, a fifth one, one counted over the year, or other dates of a set"),
        held("in some months only"),
        held("a first date that is none of its rule"),
        held("an end before its beginning"),
        held("any other rule whose very dates no pattern of Outlook gives"),
    ),
    "": (
        left("a cancelled date of an event that does not repeat"),
        hidden("a cancelled date that is none of its series"),
        read("a date that its organizer called off reads as cancelled"),
        held("a deleted date brought back"),
        held("an instance moved onto or past the day of another one"),
        held("a changed instance that is no date of its series"),
        held("a new instance of a series that is not here"),
        held("the only date of an event cancelled"),
    ),
    EVENT: (
        held("a meeting of somebody else, but for what is one's own to say"),
        held("a meeting that was never sent"),
    ),
    CARRIED: (hidden("always"),),
    "uid": (held("more than 2,000 characters"),),
}
