"""What every mapping between a wire payload and the model offers. Pure: no I/O, no clock, no network.

Laws    put-get: reading what was written gives what was asked, up to the declared losses
        get-put: `edit(payload, {})` returns `payload` unchanged, byte for byte
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Changes, Form, Reading


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new payload will be. remote_id: the id it will get; zone: the calendar's own, "" when it has none."""

    remote_id: str = ""
    zone: str = ""


NOWHERE = Place()


class Mapping(Protocol):
    def read(self, payload: bytes) -> Reading:
        """Raises MappingError with a reason in words when the event set cannot be trusted as a whole (O8)."""
        ...

    def make(self, uid: str, form: Form, marker: str, place: Place = NOWHERE) -> bytes:
        """A new payload for a copy of `form`, carrying our marker. People never become real guests (semantics 15)."""
        ...

    def edit(self, payload: bytes, changes: Changes) -> bytes:
        """The smallest edit of `payload` that makes `changes`; everything else stays byte for byte (I7).

        Raises MappingError when the change cannot be said in this format.
        """
        ...

    def remove_marker(self, payload: bytes) -> bytes:
        """The payload as an event of its own, no copy of calsync's any more (W4)."""
        ...

    def seen(self, payload: bytes, names: Iterable[str] = ()) -> Form | None:
        """What everybody else sees of it: its form, and of what a pair carries these names, without what calsync keeps
        beside the event. None: all of it."""
        ...

    def carried(self, payload: bytes, names: Iterable[str]) -> Form:
        """The properties that a pair carries by name, `names` and paths as in model.series.CARRIED."""
        ...
