"""The canonical form of an event set: one flat mapping from path to value, so that a change is a set of paths.

Shape   Form = {path: value}. A path is a field of the master ("title"), an instance ("@20261124T083000Z", value
        CANCELLED) or a field of an overridden instance ("@20261124T083000Z/title").
        The instance part holds only what differs from what the instance inherits from the master (its start is then the
        key, its length the master's); there "" and frozenset() mean "emptied here". In the master a missing path and an
        empty value are one (F1), so empty values are never stored.
Values  see FIELDS. All are hashable and compare by value; `model.codec` writes them as JSON.
Source  semantics sections 1 and 5; RFC 5545 section 3.8
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Literal

from calsync_cli.model.plain import dataclass
from calsync_cli.model.times import InstanceKey, Span, When, key_start, lasting


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What makes a master a series.

    rules   canonical RRULE texts: parts sorted by name, BY* lists sorted, INTERVAL=1 and WKST=MO left out, UNTIL as a
            UTC instant (`20261231T230000Z`) for zoned series, as wall time or date for the others
    dates   RDATE values, sorted; periods: RDATE;VALUE=PERIOD texts as they stand, sorted
    """

    rules: tuple[str, ...] = ()
    dates: tuple[When, ...] = ()
    periods: tuple[str, ...] = ()


Value = str | Span | Recurrence | frozenset[str]
Path = str
Form = Mapping[Path, Value]
Changes = Mapping[Path, Value | None]
"""New value per path; None removes the path (in an instance: back to what the master says)."""

CANCELLED = "cancelled"


class Merge(Enum):
    """How two changes of one field come together (semantics section 5)."""

    SCALAR = "scalar"
    BLOCK = "block"
    TEXT = "text"
    SET = "set"


FIELDS: Mapping[str, Merge] = {
    "title": Merge.SCALAR,          # str
    "location": Merge.SCALAR,       # str
    "url": Merge.SCALAR,            # str
    "color": Merge.SCALAR,          # str, RFC 7986 COLOR name or #rrggbb as given
    "visibility": Merge.SCALAR,     # "private" | "confidential"; missing = public
    "busy": Merge.SCALAR,           # "free"; missing = busy
    "status": Merge.SCALAR,         # "tentative" | "cancelled"; missing = confirmed
    "time": Merge.BLOCK,            # Span
    "recurrence": Merge.BLOCK,      # Recurrence
    "description": Merge.TEXT,      # str, lines separated by \n
    "categories": Merge.SET,        # frozenset[str]
    "attachments": Merge.SET,       # frozenset[str], URIs only
    "reminders": Merge.SET,         # frozenset[str], "display:-PT15M", "display:end:PT0S" or "audio:20261124T083000Z"
    "guests": Merge.SET,            # frozenset[str], "mailto:a@b.c PARTSTAT ROLE CUTYPE", lower-case address
    "organizer": Merge.SCALAR,      # str, lower-case "mailto:a@b.c"
}
CARRIED = "x:"
"""Fields that a pair carries by name: "x:X-PROJECT" holds the raw value of that property (SCALAR)."""

ANSWER = f"{CARRIED}answer"
"""What the account's owner answered to an invitation, one of views.ANSWERS; carried where a pair says so (`rsvp`).
Only of a whole event set, and only where its guests name the owner: nothing else has a place for it."""

LOCAL_FIELDS = frozenset({"guests", "organizer"})
"""Never a change for others by themselves; reminders join them while the pair says `reminders = "keep"` (row 18)."""


def split(path: Path) -> tuple[InstanceKey, str]:
    """("", field) for the master, (key, field) for an instance, (key, "") for its cancellation."""
    if not path.startswith("@"):
        return "", path
    key, _, field = path[1:].partition("/")
    return key, field


def join(key: InstanceKey, field: str) -> Path:
    return f"@{key}/{field}" if key and field else f"@{key}" if key else field


def merge_kind(path: Path) -> Merge:
    return FIELDS.get(split(path)[1], Merge.SCALAR)


def instance_keys(form: Form) -> list[InstanceKey]:
    """Keys of all cancelled and overridden instances, sorted."""
    return sorted({split(path)[0] for path in form if path.startswith("@")})


def instance_form(form: Form, key: InstanceKey) -> dict[Path, Value]:
    """One instance as a single event: the master's fields with the instance's own on top."""
    single = {p: v for p, v in form.items() if not p.startswith("@") and p != "recurrence"}
    span = form.get("time")
    if isinstance(span, Span):
        single["time"] = lasting(span, key_start(key, span.start))
    own = {split(p)[1]: v for p, v in form.items() if split(p)[0] == key and split(p)[1]}
    return applied(single, own)


def applied(form: Form, changes: Changes) -> dict[Path, Value]:
    """`form` with `changes` made; empty master values vanish (F1)."""
    result = dict(form)
    for path, value in changes.items():
        if value is None or (not value and not path.startswith("@")):
            result.pop(path, None)
        else:
            result[path] = value
    return result


def without_fields(form: Form, fields: Iterable[str]) -> dict[Path, Value]:
    """`form` less every path (master's or instance's) of the named fields."""
    drop = frozenset(fields)
    return {path: value for path, value in form.items() if split(path)[1] not in drop}


People = Literal["", "guest", "host"]
"""Whom a write may mail (semantics 15): nobody; guest: a guest's own copy of a meeting, of which only the deletion may
tell the organizer; host: any write may mail."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mapping understood of one payload.

    uid         iCalendar UID, as it stands
    form        canonical form
    marker      calsync's private marker, or None
    people      of a payload that holds ORGANIZER or ATTENDEE, whom writing it may mail
    losses      remarks for a person about what was read only roughly; never a reason to stop
    own_uid     the service's own, where uid is one that calsync keeps beside the event: whoever copies an event there
                copies that along, and then it is the copy's (K5). made: when it was made, by the service's clock
    tool        the other program that made it, as a copy of an event elsewhere (N5); "" for all others
    kind        what its service says it is: one of views.SERVICE_KINDS, or ""
    answer      what the account's owner answered, as its service says: one of views.ANSWERS, or "" where it does not
    """

    uid: str
    form: Form
    marker: str | None = None
    people: People = ""
    losses: tuple[str, ...] = ()
    own_uid: str = ""
    made: str = ""
    tool: str = ""
    kind: str = ""
    answer: str = ""

    @property
    def title(self) -> str:
        return _title(self.form)

    @property
    def span(self) -> Span | None:
        return form_span(self.form)

    @property
    def recurring(self) -> bool:
        return "recurrence" in self.form


def _title(form: Form) -> str:
    value = form.get("title")
    if value is None:  # an override without its master (R9) has titles only below its keys
        value = next((v for p, v in sorted(form.items()) if p.endswith("/title")), "")
    return value if isinstance(value, str) else ""


def form_title(form: Form) -> str:
    return _title(form)


def form_span(form: Form) -> Span | None:
    """The master's time block; the first override's for a set without a master (R9)."""
    value = form.get("time")
    if value is None:
        value = next((v for p, v in sorted(form.items()) if p.endswith("/time")), None)
    return value if isinstance(value, Span) else None
