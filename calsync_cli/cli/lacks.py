"""What one side of an event holds only roughly, or not at all: `why` and `events show`, offline."""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.api import Workspace
from calsync_cli.cli import words as in_words
from calsync_cli.errors import MappingError
from calsync_cli.mapping.losses import How, Loss, losses_of
from calsync_cli.mapping.registry import OF_PROVIDER, mapping
from calsync_cli.model.codec import value_json
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import LOCAL_FIELDS, Form, split
from calsync_cli.store import mirror, views

EXCERPT = 40


@dataclass(frozen=True, slots=True)
class Lacks:
    """losses: what this copy cannot hold; remarks: what calsync reads of it only roughly. A line of text each."""

    losses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def lacks(work: Workspace, name: str, event: views.EventRow, copies: Iterable[views.EventRow], tzid: str) -> Lacks:
    """`copies` are all of this event; what another one says of people is what this one could have had."""
    account = work.config.accounts.get(name.partition("/")[0])
    payload = mirror.payload(work.db, event.calendar_id, event.remote_id)
    if account is None or payload is None:
        return Lacks()
    wire = mapping(OF_PROVIDER.get(account.provider, "ical"))
    try:
        reading = wire.read(payload)
        losses = losses_of(wire, payload, _people_elsewhere(reading.form, copies), reading.form)
    except MappingError:
        return Lacks()  # told as the reason why it is left alone
    return Lacks(tuple(_lines(losses, tzid)), reading.losses)


def _people_elsewhere(form: Form, copies: Iterable[views.EventRow]) -> Form:
    """Guests and organizers never cross, so that a copy without them is in sync all the same."""
    forms = [copy.form for copy in copies if copy.form is not None]
    return {path: value for other in forms for path, value in other.items()
            if split(path)[1] in LOCAL_FIELDS and path not in form}  # fmt: skip


def _lines(losses: Iterable[Loss], tzid: str) -> Iterable[str]:
    """`kept, not shown: categories, colour`; of what is shown roughly also how."""
    found: dict[How, list[str]] = {}
    for loss in losses:
        found.setdefault(loss.how, []).append(_words(loss, tzid))
    return (f"{how.value}: {'; '.join(found[how]) if how is How.ROUGH else ', '.join(found[how])}"
            for how in How if how in found)  # fmt: skip


def _words(loss: Loss, tzid: str) -> str:
    words = in_words.field_words(loss.path, tzid)
    if loss.shown is None:
        return words
    shown = in_words.value_words(loss.path, value_json(loss.shown))
    return f"{words} as {in_words.excerpts([shown], EXCERPT)[0]}"
