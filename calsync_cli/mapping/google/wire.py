"""The Google mapping as the engine uses it: what it makes or edits also says which requests bring it about.

Shape   as mapping.GOOGLE, and the documents of `make`, `edit` and `remove_marker` have a member `requests`: Patch by
        Patch, in order, as providers/google/provider.py sends them. `read` does not look at it
Law     `edit(payload, {})` is `payload`, byte for byte
"""

from __future__ import annotations

from dataclasses import asdict

from calsync_cli.mapping.base import NOWHERE, Mapping, Place
from calsync_cli.mapping.google.address import addressed
from calsync_cli.mapping.google.document import parsed
from calsync_cli.mapping.google.mapping import GoogleMapping
from calsync_cli.mapping.google.patches import patches
from calsync_cli.model.series import Changes, Form


class GoogleWire(GoogleMapping):
    def make(self, uid: str, form: Form, marker: str, place: Place = NOWHERE) -> bytes:
        return _with_requests(None, addressed(super().make(uid, form, marker), place.remote_id, place.zone))

    def edit(self, payload: bytes, changes: Changes) -> bytes:
        after = super().edit(payload, changes)
        return after if after == payload else _with_requests(payload, after)

    def remove_marker(self, payload: bytes) -> bytes:
        after = super().remove_marker(payload)
        return after if after == payload else _with_requests(payload, after)


def _with_requests(before: bytes | None, after: bytes) -> bytes:
    body = parsed(after)
    body.others["requests"] = [asdict(patch) for patch in patches(before, after)]
    return body.data()


WIRE = GoogleWire()
_: Mapping = WIRE
