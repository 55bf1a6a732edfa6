"""The loss table of the Google mapping: what an event loses, or shows only roughly, on its way to Google.

Shape   mapping.losses.Table. What is kept comes back exactly (kept), up to about 5,400 bytes an event
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
        read("files attached at Google are read as links and never removed"),
    ),
    "categories": (hidden("always"),),
    "color": (
        rough("as the nearest of Google's eleven colours"),
        hidden("a colour that is near none of them"),
        read("a number that is no colour of Google's reads as none, and stays"),
    ),
    "url": (
        hidden("all but web addresses, which are shown as the event's source"),
        rough("at an event that somebody else made, where the link stays that one's"),
        read("the title beside a link is not read, and stays"),
    ),
    "reminders": (
        rough("five are shown, popups and mails of whole minutes before the start; others as a popup nearby"),
        hidden("after the start, or more than four weeks before it"),
        read("the calendar's default reminders read as none"),
        read("text messages and reminders without a time are not read, and go with new ones"),
    ),
    "status": (rough("a cancelled event that is still there is shown as tentative"),),
    "visibility": (
        hidden("of one instance: Google would apply it to the whole series"),
        read("a word that calsync does not know reads as private"),
        read("`public` reads as the calendar's own, and stays"),
    ),
    "description": (
        rough("8,192 characters are shown"),
        read("HTML reads as text"),
    ),
    "time": (
        rough("an event without a time zone is shown in the calendar's own"),
        left("a zone's name that Google was slow to learn: an older one of the same clock stands for it"),
        read("a time zone that nobody knows is read by its offset"),
        read("an end before its start reads as that start; of whole days as one day"),
        held("no length"),
        held("before the year 1001 or after 9997"),
        held("a start that is a day and an end that is a time, or the other way round"),
        held("one instance with a time zone, its series without one, or the other way round"),
    ),
    "recurrence": (
        rough("a number of dates is written as their end, where the event does not begin at a date of its rule"),
        held("more often than daily"),
        held("by another calendar than the Gregorian"),
        held("an end by number and by date at once"),
        held("extra dates with a length of their own"),
        held("an exclusion rule"),
    ),
    "": (
        left("a cancelled date of an event that does not repeat"),
        read("a date that the series has no longer is not read, and stays"),
        held("a changed instance that is no date of its series"),
        held("a new instance of a series that is not here"),
        held("the only date of an event cancelled"),
    ),
    EVENT: (
        held("a meeting of somebody else, but for what is one's own to say"),
        held("a birthday, a focus time, an absence, a working location, an event made from a mail"),
        held("text and time of an event that Google has locked"),
    ),
    CARRIED: (hidden("all but Google's own extended properties"),),
    "uid": (held("more than 8,000 characters"),),
}
