"""What a write will lose where it goes, in words: told of what is written, and of a plan before it is carried out.

Shape   `body_of` makes the bytes of a write, stores and sends nothing; `told` compares them with what was asked;
        `previews` does both for a plan that is only looked at
Errors  ItemError where the write cannot even be said; a preview tells that too
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from calsync_cli.engine.case import field_words
from calsync_cli.engine.keys import Marker, create_key
from calsync_cli.engine.observe import as_calendar
from calsync_cli.engine.seen import read
from calsync_cli.engine.session import Session
from calsync_cli.engine.snapshot import Scene
from calsync_cli.engine.views import veil
from calsync_cli.engine.world import CalendarState, Step
from calsync_cli.errors import InternalCheck, ItemError, MappingError, TooLarge
from calsync_cli.mapping.base import NOWHERE, Mapping, Place
from calsync_cli.mapping.losses import How, Loss, losses_of
from calsync_cli.model import recur
from calsync_cli.model.series import LOCAL_FIELDS, Form, split, without_fields
from calsync_cli.store import mirror

Words = tuple[str, ...]


def place_of(session: Session, scene: Scene, step: Step) -> tuple[str, Place]:
    """The key of a create, and where it will be (J4)."""
    state = next(c for c in scene.snapshot.calendars if c.id == step.calendar)
    key = create_key(session.installation, step.link, state.identity, step.generation)
    calendar = as_calendar(mirror.calendar_row(session.db, step.calendar))
    provider = session.provider(scene.names[step.calendar].account)
    return key, Place(provider.remote_id_for(calendar, key), calendar.zone)


def body_of(session: Session, scene: Scene, step: Step, place: Place) -> bytes:
    """What a create or an update sends. Raises ItemError where it cannot be said, or is too large."""
    wire = session.mapping(scene.names[step.calendar].account)
    state = next(c for c in scene.snapshot.calendars if c.id == step.calendar)
    if step.kind == "create":
        form = {path: value for path, value in step.changes.items() if value is not None}
        marker = _marker(session, step, state).text(state.identity, step.uid)
        plain = not step.view and not session.carry.get(scene.names[step.calendar].account)
        lines = _as_it_was(wire, step, form, marker) if plain else b""
        body = lines or wire.make(step.uid, form, marker, place)
    elif step.releases:
        body = wire.remove_marker(before_image(session, step))
    else:
        body = wire.edit(before_image(session, step), step.changes)
    if state.max_bytes is not None and len(body) > state.max_bytes:
        raise TooLarge(f"{len(body):,} bytes are more than the {state.max_bytes:,} that {state.label} takes")
    return body


def _marker(session: Session, step: Step, state: CalendarState) -> Marker:
    """A busy copy's tells nobody whose it is, or of what (I18); that of an event at home there does."""
    if state.view.view != "busy" or step.by_hand or step.view == "":
        return Marker(session.installation, step.link, step.generation)
    return Marker(veil(session.installation), veil(session.installation, step.uid), step.generation)


def _as_it_was(wire: Mapping, step: Step, form: Form, marker: str) -> bytes:
    """The deleted replica with its own lines, where its format can say them and it means what is asked; else b""."""
    again = getattr(wire, "again", None)
    if again is None or not step.like:
        return b""
    body: bytes = again(step.like, marker)
    seen = wire.read(body)
    differs = recur.diff(without_fields(seen.form, LOCAL_FIELDS), without_fields(form, LOCAL_FIELDS))
    return body if seen.uid == step.uid and not differs else b""


def before_image(session: Session, step: Step) -> bytes:
    before = mirror.payload(session.db, step.calendar, step.remote_id or "")
    if before is None:
        raise InternalCheck(f"no mirrored copy of {step.remote_id} to plan from")
    return before


# -- in words ----------------------------------------------------------------------------------------------------------


def told(wire: Mapping, step: Step, body: bytes, form: Form) -> Words:
    """Of a new copy all its losses, of a change those of what it changes. form: how the body reads."""
    try:
        losses = losses_of(wire, body, step.changes, form)
    except MappingError:  # nobody else could read it; that is no reason not to write it
        return ()
    fields = {split(path)[1] for path in step.changes}
    return loss_words(loss for loss in losses if step.kind == "create" or split(loss.path)[1] in fields)


def loss_words(losses: Iterable[Loss]) -> Words:
    """`kept, not shown: categories, colour`: a text for each thing that can become of a field."""
    found: dict[How, list[str]] = {}
    for loss in losses:
        found.setdefault(loss.how, []).append(field_words(loss.path))
    return tuple(f"{how.value}: {', '.join(dict.fromkeys(found[how]))}" for how in How if how in found)


def previews(session: Session, scene: Scene) -> Callable[[Step], Words]:
    """What each step of a plan would lose, or why it would not be written; each is looked at once."""
    known: dict[int, Words] = {}

    def preview(step: Step) -> Words:
        if id(step) not in known:
            known[id(step)] = _preview(session, scene, step) if step.kind != "delete" else ()
        return known[id(step)]

    return preview


def _preview(session: Session, scene: Scene, step: Step) -> Words:
    wire = session.mapping(scene.names[step.calendar].account)
    place = place_of(session, scene, step)[1] if step.kind == "create" else NOWHERE
    try:
        body = body_of(session, scene, step, place)
        return told(wire, step, body, read(session, scene.names[step.calendar].account, body).form)
    except ItemError as err:
        return (f"{How.HELD.value}: {err}",)
