"""The Google mapping: event sets of Google Calendar (JSON, see document) <-> canonical forms.

Shape   GOOGLE.read, .make, .edit as mapping.base.Mapping describes them; .carried and .remove_marker as ICAL has them
Laws    read(make(uid, f, m)).form == normal(f) less people; edit(p, {}) is p; read(edit(p, c)).form ==
        normal(applied(read(p).form, c)); no JSON member that c does not name changes (I7). What Google refuses raises
        MappingError (`refused` in the tests), and `LOSSES` in the tests lists what may differ
Source  facts sections 4 to 6 and 11; semantics section 5
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.google.edit import edit_payload, without_marker
from calsync_cli.mapping.google.new_event import make_payload
from calsync_cli.mapping.google.source import carried_form, reading, source_of
from calsync_cli.model.series import Changes, Form, Reading


class GoogleMapping:
    def read(self, payload: bytes) -> Reading:
        return reading(source_of(payload))

    def make(self, uid: str, form: Form, marker: str) -> bytes:
        return make_payload(uid, form, marker)

    def edit(self, payload: bytes, changes: Changes) -> bytes:
        return edit_payload(payload, changes)

    def carried(self, payload: bytes, names: Iterable[str]) -> Form:
        """The properties that a pair carries by name, `names` and paths as in model.series.CARRIED."""
        return carried_form(source_of(payload), names)

    def remove_marker(self, payload: bytes) -> bytes:
        """The payload without calsync's marker: the event is released, not owned any more (W4)."""
        return without_marker(payload)


GOOGLE = GoogleMapping()
