"""The Microsoft Graph mapping: event sets of Outlook calendars (JSON, see document) <-> canonical forms.

Shape   GRAPH.read, .make, .edit as mapping.base.Mapping describes them; .carried and .remove_marker as the others have
        them. Documents that it makes or edits have a member `requests`: Patch by Patch, in order, what a provider sends
        to bring them about. `read` does not look at it
Laws    read(make(uid, f, m)).form == normal(f) less people; edit(p, {}) is p; read(edit(p, c)).form ==
        normal(applied(read(p).form, c)); no JSON member that c does not name changes (I7). What may differ is in
        `losses.LOSSES`; what Outlook cannot hold is held: MappingError with its reason
Source  facts sections 4 to 8, L4 to L8, L13, L14; semantics section 5
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from calsync_cli.errors import MappingError
from calsync_cli.mapping.answer import apart
from calsync_cli.mapping.base import NOWHERE, Mapping, Place
from calsync_cli.mapping.graph.document import REQUESTS, parsed
from calsync_cli.mapping.graph.edit import edit_payload, without_marker
from calsync_cli.mapping.graph.fields import own_answer
from calsync_cli.mapping.graph.kept import drop_kept
from calsync_cli.mapping.graph.new_event import make_payload
from calsync_cli.mapping.graph.patches import patches
from calsync_cli.mapping.graph.source import carried_form, reading, source_of
from calsync_cli.mapping.graph.standing import refusal
from calsync_cli.mapping.graph.zones import known
from calsync_cli.model.series import ANSWER, Changes, Form, Reading

NO_ANSWERS = "Microsoft takes an answer without looking whether the meeting is still the same; answer it in Outlook"
"""An action has no place for a version (I13), and a declined event is taken out of the calendar (L7.3)."""


class GraphMapping:
    def read(self, payload: bytes) -> Reading:
        return reading(source_of(payload))

    def make(self, uid: str, form: Form, marker: str, place: Place = NOWHERE) -> bytes:
        """`place.zone` is the mailbox's own; without it an event that has no zone is refused."""
        return _with_requests(None, make_payload(uid, form, marker, known(place.zone) or ""))

    def edit(self, payload: bytes, changes: Changes) -> bytes:
        answer, rest = apart(changes)
        if answer:
            raise MappingError(NO_ANSWERS)
        after = edit_payload(payload, rest)
        return after if after == payload else _with_requests(payload, after)

    def seen(self, payload: bytes, names: Iterable[str] = ()) -> Form | None:
        body = parsed(payload)
        kept = [drop_kept(resource) for resource in body.resources]
        bare = body.data()
        return {**self.read(bare).form, **self.carried(bare, names)} if any(kept) else None

    def carried(self, payload: bytes, names: Iterable[str]) -> Form:
        """The properties that a pair carries by name, `names` and paths as in model.series.CARRIED."""
        source = source_of(payload)
        said = own_answer(source.set.event or {}) if ANSWER in names else ""
        return {**carried_form(source, names), **({ANSWER: said} if said else {})}

    def never_written(self, payload: bytes) -> str:
        """Why this event set must be neither changed nor deleted, for a person; "" for an ordinary one (L4.1)."""
        return next(filter(None, (refusal(one, ()) for one in source_of(payload).set.resources)), "")

    def head(self, payload: bytes) -> bytes:
        """A document to write as it is when only the first of its requests was carried out: a series without its
        exceptions and deleted dates, of which its master may tell something already (kept.joined).
        """
        body = parsed(payload)
        body.instances, body.cancelled = [], []
        return body.data()

    def remove_marker(self, payload: bytes) -> bytes:
        """The payload without calsync's marker: the event is released, not owned any more (W4)."""
        after = without_marker(payload)
        return after if after == payload else _with_requests(payload, after)


def _with_requests(before: bytes | None, after: bytes) -> bytes:
    body = parsed(after)
    body.others[REQUESTS] = [asdict(patch) for patch in patches(before, after)]
    return body.data()


GRAPH = GraphMapping()
_: Mapping = GRAPH
