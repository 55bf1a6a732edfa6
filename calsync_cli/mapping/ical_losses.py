"""The loss table of the iCalendar mapping: what an event loses on its way to a file or a CalDAV server.

Shape   mapping.losses.Table. Nothing is kept beside an event, for iCalendar has a line for every field. What is
        not read stays byte for byte (I7); what it cannot understand at all is left alone (`held`)
"""

from __future__ import annotations

from calsync_cli.mapping.losses import EVENT, Table, held, left, read
from calsync_cli.model.series import CARRIED

LOSSES: Table = {
    "guests": (left("nobody is invited to a copy: they are listed in lines that no server mails to"),),
    "organizer": (left("a copy is an event of its calendar's owner; listed as the guests are"),),
    "attachments": (read("files inside of the event are not read, and stay"),),
    "description": (read("text with markup beside the plain one is not read, and stays"),),
    "location": (read("coordinates and other forms of the place are not read, and stay"),),
    "visibility": (read("a word that calsync does not know reads as private, and stays"),),
    "status": (read("a word that calsync does not know reads as confirmed, and stays"),),
    "reminders": (
        read("snoozed ones and an Apple device's default ones are not read, and stay"),
        read("text, sound and repetition of a reminder are not read, and stay"),
    ),
    "time": (
        read("without an end it is a day, or a moment; a copy says that end"),
        read("an end before its start reads as that start; of whole days as one day"),
        read("a time zone is known by its name, else by the rules that the file gives for it"),
        held("no start"),
        held("before the year 1000 or after 9998"),
        held("a time zone that neither calsync nor its file knows"),
    ),
    "recurrence": (
        held("an exclusion rule"),
        held("a change of one instance and all that follow it"),
    ),
    "": (
        held("the only instance of its file cancelled"),
        held("common fields of a series that is not here"),
    ),
    EVENT: (held("a file with several events, or with none"),),
    CARRIED: (held("a property whose name does not begin with X-"),),
    "uid": (held("an event without one"),),
}
