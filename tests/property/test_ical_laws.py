"""The laws of the iCalendar mapping, over generated forms, foreign files and random changes.

put-get for new copies   read(make(uid, f, m)).form == normal(f) less people
put-get for edits        read(edit(p, c)).form == normal(applied(read(p).form, c))
get-put                  edit(p, {}) is p, and what c does not name keeps its bytes and its order (I7)
"""

from __future__ import annotations

import pathlib
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component, content_lines, parse
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import inherited_span, instance_fields, normal
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.recur import starts
from calsync_cli.model.series import (
    CANCELLED,
    LOCAL_FIELDS,
    Changes,
    Form,
    Path,
    Recurrence,
    Value,
    applied,
    instance_keys,
    split,
    without_fields,
)
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned, instance_key, moved, wall

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
LAW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=90) | st.text(
    'a,;\\:"n\n ä😀', max_size=40
)
words = st.text("abc,;\\ üX", min_size=1, max_size=8)
moments = st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1)).map(lambda d: d.replace(second=0, microsecond=0))
lengths = st.integers(0, 3000).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def spans(draw: st.DrawFn, kind: str | None = None) -> Span:
    local, length = draw(moments), draw(lengths)
    kind = kind or draw(st.sampled_from(["day", "floating", "zoned", "two zones"]))
    if kind == "day":
        return Span(AllDay(local.date()), AllDay(local.date() + timedelta(days=1 + length.seconds % 4)))
    if kind == "floating":
        return Span(Floating(local), Floating(local + length))
    first = draw(st.sampled_from(ZONES))
    last = draw(st.sampled_from(ZONES)) if kind == "two zones" else first
    return Span(
        Zoned(local, first), Zoned(local + length + (timedelta(days=2) if last != first else timedelta(0)), last)
    )


rules = st.sampled_from([
    "FREQ=DAILY", "COUNT=5;FREQ=DAILY;INTERVAL=2", "BYDAY=MO,WE;FREQ=WEEKLY", "BYMONTHDAY=1,15;FREQ=MONTHLY",
    "BYDAY=-1FR;COUNT=9;FREQ=MONTHLY", "FREQ=YEARLY", "BYSETPOS=1;BYDAY=MO,TU;FREQ=MONTHLY",
    "FREQ=WEEKLY;UNTIL=20400101", "FREQ=DAILY;UNTIL=20390611T103000Z",
])  # fmt: skip


@st.composite
def recurrences(draw: st.DrawFn, start: When) -> Recurrence:
    texts = draw(st.lists(rules, min_size=0, max_size=2))
    steps = draw(st.lists(st.integers(1, 300), min_size=0 if texts else 1, max_size=3))
    return Recurrence(tuple(texts), tuple(moved(start, timedelta(days=step)) for step in steps))


sets = st.frozensets(words, max_size=3)
reminders = st.frozensets(
    st.sampled_from(["display:-PT15M", "display:end:PT0S", "audio:-P1D", "email:-PT1H", "display:20261124T083000Z"]),
    max_size=3,
)
attachments = st.frozensets(st.sampled_from(["https://a.example/x,y;z", "cid:part1", "ftp://h/ä b"]), max_size=2)
FIELD_VALUES: dict[str, st.SearchStrategy[Value]] = {
    "title": texts, "location": texts, "description": texts, "categories": sets, "reminders": reminders,
    "attachments": attachments, "url": st.sampled_from(["https://x.example/?a=1,2;b", "x:y", ""]),
    "color": st.sampled_from(["red", "#00ff00", ""]), "visibility": st.sampled_from(["private", "confidential", ""]),
    "busy": st.sampled_from(["free", ""]), "status": st.sampled_from(["tentative", "cancelled", ""]),
}  # fmt: skip
field_values = st.fixed_dictionaries({}, optional=FIELD_VALUES)


@st.composite
def instances(draw: st.DrawFn, span: Span, rule: Recurrence, *, most: int = 3) -> dict[Path, Value]:
    known = [instance_key(when) for when, _ in zip(starts(span, rule), range(12), strict=False)]
    assume(known)
    paths: dict[Path, Value] = {}
    for key in draw(st.lists(st.sampled_from(known), max_size=most, unique=True)):
        if draw(st.booleans()):
            paths[f"@{key}"] = CANCELLED
            continue
        paths |= {f"@{key}/{name}": value for name, value in draw(field_values).items()}
        if draw(st.booleans()):
            own = inherited_span(span, key)
            by = timedelta(minutes=15 * draw(st.integers(-20, 20)), days=draw(st.integers(-1, 1)))
            by = timedelta(days=by.days) if isinstance(own.start, AllDay) else by
            paths[f"@{key}/time"] = Span(moved(own.start, by), moved(own.end, by))
    return paths


@st.composite
def forms(draw: st.DrawFn) -> Form:
    span = draw(spans())
    form: dict[Path, Value] = {"time": span, **draw(field_values)}
    if draw(st.booleans()):
        form["recurrence"] = draw(recurrences(span.start))
        form |= draw(instances(span, form["recurrence"]))  # type: ignore[arg-type]
    return normal(form)


@st.composite
def changes(draw: st.DrawFn, form: Form) -> Changes:
    """What an engine may ask: values of the master, of instances old and new, cancelled ones back, a moved series."""
    result: dict[Path, Value | None] = {
        name: value if draw(st.integers(0, 4)) else None for name, value in draw(field_values).items()
    }
    span, rule = form["time"], form.get("recurrence")
    assert isinstance(span, Span)
    kind = draw(st.sampled_from(["", "", "", "move", "new time", "rule"]))
    if kind == "move":
        minutes = 0 if isinstance(span.start, AllDay) else 15 * draw(st.integers(-12, 12))
        result |= _moved(form, span, timedelta(days=draw(st.integers(-3, 3)), minutes=minutes))
    elif kind == "new time":
        result["time"] = draw(spans())
    elif kind == "rule":
        result["recurrence"] = draw(recurrences(span.start))
    if isinstance(rule, Recurrence) and kind in ("", "rule"):
        for key in draw(st.lists(st.sampled_from(instance_keys(form) or [""]), max_size=2, unique=True)):
            result |= {path: None for path in form if split(path)[0] == key and key}
        result |= draw(instances(span, rule, most=2))
        for path in [p for p, v in result.items() if p.startswith("@") and v and draw(st.integers(0, 5)) == 0]:
            result[path] = None
    return result


def _moved(form: Form, span: Span, by: timedelta) -> dict[Path, Value | None]:
    result: dict[Path, Value | None] = {"time": Span(moved(span.start, by), moved(span.end, by))}
    for path, value in form.items():
        key, name = split(path)
        if key:
            result.setdefault(path, None)
            shifted = instance_key(moved(inherited_span(span, key).start, by))
            result[f"@{shifted}" + (f"/{name}" if name else "")] = value
    return result


@LAW
@given(forms(), st.sampled_from(["", "a.b.1.c"]))
def test_a_new_copy_reads_back_as_the_form_it_was_made_from(form: Form, marker: str) -> None:
    payload = ICAL.make("uid-1@x", form, marker)
    reading = ICAL.read(payload)
    assert reading.form == form
    assert (reading.uid, reading.marker, reading.people) == ("uid-1@x", marker or None, "")
    assert all(len(line) <= 75 for line in payload.split(b"\r\n")) and b"\n" not in payload.replace(b"\r\n", b"")


@LAW
@given(forms())
def test_reading_gives_a_normal_form_and_the_empty_edit_the_same_bytes(form: Form) -> None:
    payload = ICAL.make("u", form, "m")
    assert normal(ICAL.read(payload).form) == ICAL.read(payload).form
    assert ICAL.edit(payload, {}) == payload == parse(payload).data()
    assert ICAL.edit(payload, dict(form)) == payload


@LAW
@given(st.data())
def test_an_edit_of_our_own_copy_reads_back_as_asked(data: st.DataObject) -> None:
    form = data.draw(forms())
    _holds(ICAL.make("u", form, "m"), data)


@LAW
@given(st.data())
def test_the_same_event_in_another_programs_words_reads_as_the_same_form(data: st.DataObject) -> None:
    form = data.draw(forms())
    payload = data.draw(foreign(form))
    reading = ICAL.read(payload)
    assert without_fields(reading.form, LOCAL_FIELDS) == form
    assert reading.people
    assert ICAL.edit(payload, {}) == payload == parse(payload).data()


@LAW
@given(st.data())
def test_an_edit_of_a_foreign_file_reads_back_as_asked(data: st.DataObject) -> None:
    """Durations, lists, UTC instance names, LF, odd folds, cancelled overrides, guests, X- lines everywhere."""
    _holds(data.draw(foreign(data.draw(forms()))), data)


def _holds(payload: bytes, data: st.DataObject) -> None:
    before = ICAL.read(payload).form
    change = data.draw(changes(before))
    edited = ICAL.edit(payload, change)
    wanted = normal(applied(before, change))
    assert ICAL.read(edited).form == wanted
    assert_bystanders_live(payload, edited, before, wanted)
    if wanted == before:
        assert edited == payload


# -- bystanders: every line of a property that no change names (I7) ---------------------------------------------------

WRITTEN_BY = {
    "title": {"SUMMARY"}, "location": {"LOCATION"}, "description": {"DESCRIPTION"}, "url": {"URL"}, "color": {"COLOR"},
    "visibility": {"CLASS"}, "busy": {"TRANSP"}, "status": {"STATUS", "EXDATE"}, "categories": {"CATEGORIES"},
    "attachments": {"ATTACH"}, "recurrence": {"RRULE", "RDATE"}, "reminders": set(),
    "time": {"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "EXDATE", "RDATE", "RRULE"},
}  # fmt: skip


def assert_bystanders_live(payload: bytes, edited: bytes, before: Form, wanted: Form) -> None:
    old, new = parse(payload).calendar, parse(edited).calendar
    assert [line.raw for line in old.lines] == [line.raw for line in new.lines]
    blocks = [b"".join(zone.raw()) for zone in new.parts("VTIMEZONE")]
    assert blocks[: len(old.parts("VTIMEZONE"))] == [b"".join(zone.raw()) for zone in old.parts("VTIMEZONE")]
    was, now = _by_tag(old), _by_tag(new)
    for tag in was.keys() & now.keys():
        key = tag.removeprefix("@")
        touched = _touched(before, wanted, key)
        assert _others(was[tag], touched) == _others(now[tag], touched)
        assert _kept_parts(was[tag], "reminders" in touched) <= _kept_parts(now[tag], "reminders" in touched)


def _by_tag(calendar: Component) -> dict[str, Component]:
    """Masters and overrides by the X-TAG that `foreign` gave them; a new override is a copy with the master's tag."""
    found: dict[str, Component] = {}
    for event in calendar.parts("VEVENT"):
        tag = event.first("X-TAG")
        if tag is not None and (tag.value == "master") == (event.first("RECURRENCE-ID") is None):
            found[tag.value] = event
    return found


def _touched(before: Form, wanted: Form, tag: str) -> set[str]:
    """Property names that the change may write in this component (fields of the master touch what inherits them)."""
    paths = {path for path in before.keys() | wanted.keys() if before.get(path) != wanted.get(path)}
    fields = {split(path)[1] for path in paths if not path.startswith("@") or tag != "master"}
    names = set().union(*(WRITTEN_BY.get(name, set()) for name in fields)) | fields
    return names | ({"EXDATE", "STATUS"} if any(path.startswith("@") for path in paths) else set())


def _others(event: Component, touched: set[str]) -> list[bytes]:
    return [line.raw for line in event.lines if line.name not in touched]


def _kept_parts(event: Component, reminders_change: bool) -> set[bytes]:
    parts = [child for child in event.children if isinstance(child, Component)]
    return {b"".join(part.raw()) for part in parts if part.name != "VALARM" or not reminders_change}


# -- the same event as another program writes it ----------------------------------------------------------------------


@st.composite
def foreign(draw: st.DrawFn, form: Form) -> bytes:
    lines = [line.text for line in content_lines(ICAL.make("u", form, ""))]
    events = [_event(draw, lines[begin:end], form) for begin, end in _events(lines)]
    first = lines.index("BEGIN:VEVENT")
    if "Europe/Berlin" in "".join(lines) and draw(st.booleans()):
        lines[:first] = [line.replace("TZID:Europe/Berlin", "TZID:W. Europe Standard Time") for line in lines[:first]]
        events = [[line.replace("TZID=Europe/Berlin", "TZID=W. Europe Standard Time") for line in e] for e in events]
    events += _silent_overrides(draw, events[0], form)
    cancelled_ones = draw(st.booleans()) and form.get("status") != "cancelled"
    if cancelled_ones:
        events += _as_overrides(events[0])
    newline = draw(st.sampled_from([b"\r\n", b"\n"]))
    width = draw(st.sampled_from([75, 75, 31]))
    whole = [
        *lines[:first],
        "X-WR-CALNAME:somewhere else",
        *(line for event in events for line in event),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line, width, newline) for line in whole)


def _events(lines: list[str]) -> list[tuple[int, int]]:
    begins = [i for i, line in enumerate(lines) if line == "BEGIN:VEVENT"]
    return [(begin, lines.index("END:VEVENT", begin) + 1) for begin in begins]


def _event(draw: st.DrawFn, lines: list[str], form: Form) -> list[str]:
    said = next((line for line in lines if line.startswith("RECURRENCE-ID")), None)
    lines = [f"X-TAG:{_tag(said)}" if line.startswith("DTSTAMP") else line for line in lines]
    lines = [line for line in lines if not line.startswith("EXDATE")] + []
    at = lines.index("UID:u") + 1
    keys = [key for key in instance_keys(form) if f"@{key}" in form] if said is None else []
    if said is not None and draw(st.booleans()):
        lines = [_in_utc(line) if line.startswith("RECURRENCE-ID;TZID") else line for line in lines]
    people = ['ORGANIZER;CN="Boss, Big":mailto:Boss@Example.org', "ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.org"]
    lines[at:at] = [*people, "X-UNKNOWN;X-P=1:a\\,b", "DTSTAMP:20260101T000000Z", "DTSTAMP:20260102T000000Z"]
    lines[-1:-1] = ["BEGIN:X-PART", "X-INSIDE:1", "END:X-PART"]
    end = next(i for i, line in enumerate(lines) if i and line.startswith("BEGIN:"))
    lines[end:end] = _exdates(draw, keys)
    choices = draw(st.frozensets(st.sampled_from(["duration", "language", "categories", "case", "alarm"])))
    return [new for line in lines for new in _rewritten(line, lines, choices)]


def _silent_overrides(draw: st.DrawFn, master: list[str], form: Form) -> list[list[str]]:
    """Overrides that show nothing of their own, some under an EXDATE; zoned ones are named and timed in UTC."""
    span, rule = form["time"], form.get("recurrence")
    if not isinstance(span, Span) or not isinstance(rule, Recurrence) or not draw(st.booleans()):
        return []
    known = [instance_key(when) for when, _ in zip(starts(span, rule), range(12), strict=False)]
    spoken = {split(path)[0] for path in form if path.startswith("@") and "/" in path}
    keys = draw(st.lists(st.sampled_from(known), max_size=2, unique=True))
    return [_silent(master, inherited_span(span, key), key) for key in keys if key not in spoken]


def _silent(master: list[str], span: Span, key: str) -> list[str]:
    params = ";VALUE=DATE" if len(key) == 8 else ""
    times = {"DTSTART": instance_key(span.start), "DTEND": instance_key(span.end)}
    lines = [line for line in master if not line.startswith(("RRULE", "RDATE", "EXDATE", "DTEND", "DURATION"))]
    at = next(i for i, line in enumerate(lines) if line.upper().startswith("DTSTART"))
    lines[at : at + 1] = [f"RECURRENCE-ID{params}:{key}", *(f"{name}{params}:{value}" for name, value in times.items())]
    return [f"X-TAG:@{key}" if line == "X-TAG:master" else line for line in lines]


def _in_utc(line: str) -> str:
    head, _, value = line.partition(":")
    local = datetime.strptime(value, "%Y%m%dT%H%M%S")
    return f"RECURRENCE-ID:{instance_key(Zoned(local, head.partition('=')[2].strip(chr(34))))}"


def _tag(said: str | None) -> str:
    return f"@{said.partition(':')[2]}" if said else "master"


def _exdates(draw: st.DrawFn, keys: list[str]) -> list[str]:
    """Instances by their key: one line each or all in one, in UTC for zoned series."""
    params = ";VALUE=DATE" if keys and len(keys[0]) == 8 else ""
    if draw(st.booleans()):
        return [f"EXDATE{params}:{key}" for key in keys]
    return [f"EXDATE{params}:{','.join(keys)}"] if keys else []


def _rewritten(line: str, event: list[str], choices: frozenset[str]) -> list[str]:
    name = line.partition(":")[0].partition(";")[0]
    value = line.partition(":")[2]
    if name == "DTEND" and "duration" in choices and (length := _length(event)) is not None:
        return [f"DURATION:{length}"] if length else []
    if name == "SUMMARY" and "language" in choices:
        return [f"SUMMARY;LANGUAGE=de;X-A=b:{value}"]
    if name == "CATEGORIES" and "categories" in choices and "\\" not in value:
        return [f"CATEGORIES:{word}" for word in value.split(",")]
    if name == "BEGIN" and value == "VALARM" and "alarm" in choices:
        return [line, "ACKNOWLEDGED:20260101T000000Z", "X-WR-ALARMUID:77"]
    return [line.replace(name, name.lower(), 1)] if "case" in choices and name in ("DTSTART", "SUMMARY") else [line]


def _length(event: list[str]) -> str | None:
    """DTEND as a duration, "" where the default says it, None where zones make it a matter of opinion."""
    start, end = (next(line for line in event if line.startswith(name)) for name in ("DTSTART", "DTEND"))
    if "TZID" in start + end:
        return None
    form = "%Y%m%d" if "VALUE=DATE" in start else "%Y%m%dT%H%M%S"
    first, last = (datetime.strptime(line.partition(":")[2].rstrip("Z"), form) for line in (start, end))
    if form == "%Y%m%d":
        return "" if (last - first).days == 1 else f"P{(last - first).days}D"
    return "" if first == last else f"PT{int((last - first).total_seconds()) // 60}M"


def _as_overrides(master: list[str]) -> list[list[str]]:
    """EXDATEs of the master as cancelled overrides, as Google and Apple write them."""
    found = [line for line in master if line.startswith("EXDATE")]
    master[:] = [line for line in master if not line.startswith("EXDATE")]
    events = []
    for line in found:
        head, _, values = line.partition(":")
        for value in values.split(","):
            start = head.replace("EXDATE", "DTSTART") + ":" + value
            identity = ["BEGIN:VEVENT", "UID:u", f"X-TAG:@{value}", start.replace("DTSTART", "RECURRENCE-ID"), start]
            events.append([*identity, "STATUS:CANCELLED", "SUMMARY:gone", "END:VEVENT"])
    return events


def _folded(line: str, width: int, newline: bytes) -> bytes:
    """Folded anywhere, also within a character (RFC 5545 section 3.1 allows it)."""
    data = line.encode()
    pieces = [data[i : i + width] for i in range(0, len(data), width)]
    return (newline + b" ").join(pieces) + newline


# -- a second opinion -------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_another_reader_sees_the_same_instances_before_and_after_an_edit_i16(data: st.DataObject) -> None:
    """The icalendar library and its expander, which share nothing with our reader, zones and VTIMEZONEs."""
    form = data.draw(forms())
    payload = ICAL.make("u", form, "m")
    assert other_readers_starts(payload, form) == our_starts(form)
    change = data.draw(changes(form))
    wanted = normal(applied(form, change))
    assert other_readers_starts(ICAL.edit(payload, change), wanted) == our_starts(wanted)


def our_starts(form: Form) -> set[str]:
    span, rule = form["time"], form.get("recurrence")
    assert isinstance(span, Span)
    every = starts(span, rule) if isinstance(rule, Recurrence) else iter([span.start])
    keys = {instance_key(when) for when in every} | {key for key in instance_keys(form) if f"@{key}" not in form}
    shown = [instance_fields(form, key)["time"] for key in keys if f"@{key}" not in form]
    return {text for s in shown if isinstance(s, Span) and _inside(text := instance_key(s.start), form)}


def other_readers_starts(payload: bytes, form: Form) -> set[str]:
    import icalendar
    import recurring_ical_events

    icalendar.use_zoneinfo()
    first, last = (day.replace(tzinfo=UTC) for day in _days(form))
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(payload)).between(first, last)
    return {text for event in found if _inside(text := _text(event.start), form)}


def _days(form: Form) -> tuple[datetime, datetime]:
    """A year around the start, well within the bound of our own expansion."""
    span = form["time"]
    assert isinstance(span, Span)
    return wall(span.start) - timedelta(days=30), wall(span.start) + timedelta(days=340)


def _inside(text: str, form: Form) -> bool:
    first, last = (day + by for day, by in zip(_days(form), (timedelta(days=2), timedelta(days=-2)), strict=True))
    return f"{first:%Y%m%d}" < text < f"{last:%Y%m%d}"


def _text(start: date) -> str:
    if not isinstance(start, datetime):
        return f"{start:%Y%m%d}"
    return f"{start.astimezone(UTC):%Y%m%dT%H%M%SZ}" if start.tzinfo else f"{start:%Y%m%dT%H%M%S}"


# -- damage -----------------------------------------------------------------------------------------------------------

FILES = sorted((pathlib.Path(__file__).parents[1] / "data" / "ical").rglob("*.ics"))
NOISE = [b"", b"\r\n", b":", b";", b'"', b"\\", b"\x00", b"\xff", b"9", b"Z", b"T", b"=", b",", b"-", b"P99999999D"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(NOISE)), min_size=1, max_size=4),
)
def test_damaged_files_are_read_or_refused_and_never_crash_o8(
    path: pathlib.Path, damage: list[tuple[float, int, bytes]]
) -> None:
    payload = path.read_bytes()
    for where, length, noise in damage:
        at = int(where * len(payload))
        payload = payload[:at] + noise + payload[at + length :]
    try:
        reading = ICAL.read(payload)
    except MappingError as err:
        assert str(err)
        return
    assert form_from(form_json(reading.form)) == reading.form  # can be stored
    assert ICAL.edit(payload, {}) == payload == parse(payload).data()
