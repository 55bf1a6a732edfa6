"""The Google mapping: event sets of Google Calendar (JSON, see document) <-> canonical forms.

Shape   GOOGLE.read, .make, .edit as mapping.base.Mapping describes them; .carried and .remove_marker as ICAL has them.
        `wire` adds the requests that bring a document about (`patches`), and completes a new one (`address`)
Laws    read(make(uid, f, m)).form == normal(f) less people; edit(p, {}) is p; read(edit(p, c)).form ==
        normal(applied(read(p).form, c)); no JSON member that c does not name changes (I7)
Losses  `losses.LOSSES`: nearly all that Google shows only roughly is kept with the event and read back (`kept`);
        what it refuses is held: MappingError with the reason, never an approximation
Kinds   birthdays, focus times and the like are read, with a remark, and never written (`never_written`, `standing`)
Source  facts sections 4 to 6 and 11; semantics section 5
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.answer import apart
from calsync_cli.mapping.google.answer import answer_form, answered
from calsync_cli.mapping.google.document import parsed
from calsync_cli.mapping.google.edit import edit_payload, without_marker
from calsync_cli.mapping.google.kept import drop_kept
from calsync_cli.mapping.google.new_event import make_payload
from calsync_cli.mapping.google.source import carried_form, reading, source_of
from calsync_cli.mapping.google.standing import special
from calsync_cli.model.series import ANSWER, Changes, Form, Reading


class GoogleMapping:
    def read(self, payload: bytes) -> Reading:
        return reading(source_of(payload))

    def make(self, uid: str, form: Form, marker: str) -> bytes:
        return make_payload(uid, form, marker)

    def edit(self, payload: bytes, changes: Changes) -> bytes:
        answer, rest = apart(changes)
        edited = edit_payload(payload, rest)
        return answered(edited, answer) if answer else edited

    def seen(self, payload: bytes, names: Iterable[str] = ()) -> Form | None:
        body = parsed(payload)
        kept = [drop_kept(resource) for resource in body.resources]
        bare = body.data()
        return {**self.read(bare).form, **self.carried(bare, names)} if any(kept) else None

    def carried(self, payload: bytes, names: Iterable[str]) -> Form:
        """The properties that a pair carries by name, `names` and paths as in model.series.CARRIED."""
        source = source_of(payload)
        return {**carried_form(source, names), **(answer_form(source.set.event) if ANSWER in names else {})}

    def never_written(self, payload: bytes) -> str:
        """Why this event set must be neither changed nor deleted, for a person; "" for an ordinary one (facts 5.8)."""
        return next(filter(None, map(special, source_of(payload).set.resources)), "")

    def remove_marker(self, payload: bytes) -> bytes:
        """The payload without calsync's marker: the event is released, not owned any more (W4)."""
        return without_marker(payload)


GOOGLE = GoogleMapping()
