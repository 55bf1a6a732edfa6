"""The iCalendar mapping: what CalDAV servers, .ics folders and feeds hold <-> canonical forms.

Shape   ICAL.read, .make, .edit as mapping.base.Mapping describes them, and .remove_marker
Laws    read(make(uid, f, m)).form == normal(f) less people; edit(p, {}) is p; read(edit(p, c)).form ==
        normal(applied(read(p).form, c)), and no line of a property that c does not name changes (I7)
Source  RFC 5545; facts sections 0, 6 and 11
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.answer import apart
from calsync_cli.mapping.base import NOWHERE, Mapping, Place
from calsync_cli.mapping.ical_answer import answer_form, answered
from calsync_cli.mapping.ical_carried import carried_form
from calsync_cli.mapping.ical_edit import edit_payload, without_marker
from calsync_cli.mapping.ical_read import reading, source_of
from calsync_cli.mapping.new_event import again, make_payload
from calsync_cli.model.series import ANSWER, Changes, Form, Reading


class ICalMapping:
    """me: the owner's addresses, by which an invitation is known to be the owner's."""

    def __init__(self, me: frozenset[str] = frozenset()) -> None:
        self._me = me

    def read(self, payload: bytes) -> Reading:
        return reading(source_of(payload))

    def make(self, uid: str, form: Form, marker: str, place: Place = NOWHERE) -> bytes:
        return make_payload(uid, form, marker)

    def again(self, payload: bytes, marker: str) -> bytes:
        """A copy of a deleted event with all its lines, inviting nobody (U2)."""
        return again(payload, marker)

    def edit(self, payload: bytes, changes: Changes) -> bytes:
        answer, rest = apart(changes)
        edited = edit_payload(payload, rest)
        return answered(edited, self._me, answer) if answer else edited

    def seen(self, payload: bytes, names: Iterable[str] = ()) -> Form | None:
        """Nothing is kept beside it: everybody sees all."""
        return None

    def carried(self, payload: bytes, names: Iterable[str]) -> Form:
        """The properties that a pair carries by name, `names` and paths as in model.series.CARRIED."""
        source = source_of(payload)
        return {**carried_form(source, names), **(answer_form(source, self._me) if ANSWER in names else {})}

    def remove_marker(self, payload: bytes) -> bytes:
        """The payload without calsync's marker: the event is released, not owned any more (W4)."""
        return without_marker(payload)


ICAL = ICalMapping()
_: Mapping = ICAL
