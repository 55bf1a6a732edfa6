"""What crosses and how (W3, W6, V5 to V7, I18): one side shows less, what it shows flows back, text never leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.series import CANCELLED, Recurrence
from calsync_cli.model.times import Span, Zoned
from calsync_cli.model.views import Filter, View
from tests.engine.faulty_world import AnyPlan, FaultyWorld
from tests.engine.oracles import check_rest
from tests.engine.world import START, ics

BUSY = View("busy")
SECRET = ("Dentist", "Praxis", "wisdom tooth", "health", "dr.who")


def dentist(uid: str = "u1", *lines: str, **more: Any) -> bytes:
    return ics(uid, "Dentist", "LOCATION:Praxis", "DESCRIPTION:wisdom tooth", "CATEGORIES:health",
               "URL:https://example.org/dr.who", *lines, **more)


def world(**pair: Any) -> FaultyWorld:
    return FaultyWorld("ab", **{"to_b": BUSY, **pair})


def at(hour: int, day: int = 1) -> Span:
    begin = START.replace(tzinfo=None, month=12, day=day, hour=hour)
    return Span(Zoned(begin, "Europe/Berlin"), Zoned(begin + timedelta(hours=1), "Europe/Berlin"))


def seen_on(made: FaultyWorld, side: str) -> bytes:
    """Every byte that was ever stored there."""
    return b"".join(change.payload or b"" for change in made.servers[side].history(side)) + b" ".join(
        change.remote_id.encode() for change in made.servers[side].history(side))


def no_leak(made: FaultyWorld, *words: str) -> None:
    told = seen_on(made, "b")
    assert not [word for word in (*SECRET, *words) if word.encode() in told]


def only(made: FaultyWorld, side: str) -> dict[str, Any]:
    (form,) = made.forms(side).values()
    return dict(form)


def test_a_busy_copy_holds_when_and_nothing_else() -> None:
    made = world()
    made.put("a", dentist())
    made.run()
    assert only(made, "b") == {"title": "Busy", "time": at(9), "visibility": "private"}
    assert "u1" not in str(made.forms("b")), "not even the id of the event"
    no_leak(made, "u1", made.installation)
    assert made.quiet()


def test_what_is_moved_on_the_block_moves_the_event_and_its_text_stays() -> None:
    made = world()
    made.put("a", dentist())
    made.run()
    block = next(iter(made.forms("b")))
    made.edit("b", block, time=at(15))
    made.run()
    form = made.forms("a")["u1"]
    assert form["time"] == at(15) and form["title"] == "Dentist" and form["description"] == "wisdom tooth"
    made.edit("a", "u1", title="Surgeon", description="cut")
    before = made.writes()
    made.run()
    assert made.writes() == before, "nothing of this is shown there"
    no_leak(made, "Surgeon", "cut")


def test_what_is_written_on_a_date_of_a_block_goes_with_the_date() -> None:
    """I16: else it would stand there as a date of its own."""
    made = world()
    made.put("a", dentist("s1", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
    made.run()
    made.edit("b", next(iter(made.forms("b"))), **{"@20270315T080000Z/title": "Away"})
    made.run()
    made.edit("a", "s1", recurrence=Recurrence(("COUNT=2;FREQ=WEEKLY",)))
    made.run()
    form = only(made, "b")
    assert form["recurrence"] == Recurrence(("COUNT=2;FREQ=WEEKLY",)) and not [path for path in form if "@" in path]
    assert "Away" in str(made.db.all("SELECT value FROM kept")[0]["value"]) and made.quiet()


def test_what_is_written_on_a_date_of_a_block_goes_when_its_series_moves() -> None:
    made = world()
    made.put("a", dentist("s1", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
    made.edit("a", "s1", **{"@20270315T080000Z/title": "Root canal"})
    made.run()
    made.edit("b", next(iter(made.forms("b"))), **{"@20270315T080000Z/title": "Away"})
    made.run()
    first = START.replace(tzinfo=None, year=2027, month=3, day=1)
    moved = Span(*(Zoned(first.replace(hour=hour), "Europe/Berlin") for hour in (7, 8)))
    change = {"time": moved, "@20270315T080000Z/title": None, "@20270315T060000Z/title": "Root canal"}
    made.edit("a", "s1", **change)
    made.run()
    assert not [path for path in only(made, "b") if "@" in path] and only(made, "b")["time"] == moved and made.quiet()
    assert "Away" in str([row["value"] for row in made.db.all("SELECT value FROM kept")])


def test_words_of_a_date_that_is_cancelled_on_its_block_are_kept() -> None:
    """I1: whoever cancelled it had not seen them."""
    made = world()
    made.put("a", dentist("s1", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
    made.edit("a", "s1", **{"@20270315T080000Z/title": "Root canal"})
    made.run()
    made.edit("b", next(iter(made.forms("b"))), **{"@20270315T080000Z": CANCELLED})
    made.run()
    assert made.forms("a")["s1"]["@20270315T080000Z"] == CANCELLED and made.quiet()
    assert "Root canal" in str([row["value"] for row in made.db.all("SELECT value FROM kept")])


def test_an_event_that_comes_back_in_the_place_of_its_block_overwrites_nothing() -> None:
    """I1: what was agreed with the block says nothing of the words of the event."""
    made = world()
    made.put("b", ics("n1", "Choir", "DESCRIPTION:Bach"))
    made.put("a", dentist(start="20261203T090000"))
    made.run()
    back = next(body for body in made.servers["b"].contents("b").values() if b"Bach" in body)
    made.delete("b", "n1")
    made.edit("a", "n1", description="Bruckner")
    made.run()
    assert made.titles("b") == ["Busy", "Busy"], "what is left of it is on a now"
    made.delete("b", next(uid for uid, form in made.forms("b").items() if form["time"] == at(9)))
    made.put("b", back.replace(b"Choir", b"Choir again"))
    report = made.run()
    assert report.exit_code == 3 and made.forms("a")["n1"]["description"] == "Bruckner"
    assert made.forms("b")["n1"]["description"] == "Bach"


@pytest.mark.parametrize("back", [View(), BUSY], ids=["whole", "less is shown at home too"])
def test_a_date_that_its_block_took_out_of_the_series_becomes_an_event_with_all_its_words(back: View) -> None:
    """R2, I1: whole where the series is at home, a block elsewhere."""
    made = world(orphan="detach", to_a=back)
    made.put("a", dentist("s1", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
    made.run()
    made.edit("a", "s1", **{"@20270322T080000Z/title": "Root canal"})
    made.edit("b", next(iter(made.forms("b"))), recurrence=Recurrence(("COUNT=2;FREQ=WEEKLY",)))
    for _ in range(2):
        made.run()
    assert made.titles("a") == ["Dentist", "Root canal"] and made.titles("b") == ["Busy", "Busy"] and made.quiet()
    no_leak(made, "Root canal")


@pytest.mark.parametrize("way", ["undo", "restore"])
@pytest.mark.parametrize("view", [BUSY, View()])
def test_an_event_that_was_deleted_by_its_block_comes_back_with_all_its_words(view: View, way: str) -> None:
    """U1, U2: though copies on its own side show less."""
    made = world(to_a=view)
    made.put("a", dentist())
    made.put("a", dentist("u2", start="20261203T090000"))
    made.run()
    made.delete("b", next(uid for uid, form in made.forms("b").items() if form["time"] == at(9)))
    report = made.run(approved=AnyPlan())
    assert list(made.forms("a")) == ["u2"]
    if way == "undo":
        made.undo(report.run, yes=True)
    else:
        made.restore("u1", "a")
    assert made.forms("a")["u1"]["description"] == "wisdom tooth"
    for _ in range(2):
        made.run()
    made.edit("a", "u1", location="Clinic")
    made.run()
    made.lose_database()
    for _ in range(2):
        made.run(approved=AnyPlan(), yes=True)
    assert made.forms("a")["u1"]["location"] == "Clinic" and made.quiet()
    no_leak(made, "Clinic")


@pytest.mark.parametrize("sides", ["b", "ab"])
@pytest.mark.parametrize("way", ["undo", "restore"])
def test_an_event_that_was_deleted_by_its_whole_copy_comes_back_with_all_its_words(way: str, sides: str) -> None:
    """U1, U2: also where what others have is shown as blocks; the copy stays deleted, as that was a person's wish."""
    made = world()
    made.put("b", ics("n1", "Choir", "DESCRIPTION:Bach"))
    made.put("b", ics("n2", "Ball", start="20261203T090000"))
    made.run()
    made.delete("a", "n1")
    report = made.run(approved=AnyPlan())
    assert made.titles("b") == ["Ball"]
    if way == "undo":
        made.undo(report.run, yes=True)
    else:
        made.restore("n1", *sides)
    for _ in range(2):
        made.run()
    whole = [form for side in "ab" for form in made.forms(side).values() if form.get("description") == "Bach"]
    assert len(whole) == 1 and made.quiet(), "not a block on both, nor whole twice where one side shows less"
    assert made.titles("b") == (["Ball", "Busy"] if way == "restore" and sides == "ab" else ["Ball", "Choir"])


@pytest.mark.parametrize("way", ["undo", "restore"])
def test_what_showed_too_much_does_not_come_back_whole(way: str) -> None:
    """I18: taking back the run that took it away makes no full copy again."""
    made = FaultyWorld("ab")
    made.put("a", dentist())
    made.put("a", dentist("u2", start="20261203T090000"))
    made.run()
    with_rules(made, to_b=BUSY)
    report = made.run(approved=AnyPlan())
    assert made.titles("b") == []
    if way == "undo":
        made.undo(report.run, yes=True)
    else:
        made.restore("u1", "b")
    for _ in range(2):
        made.run(approved=AnyPlan(), yes=True)
    assert made.titles("b") == ["Busy", "Busy"]
    assert not [word for word in SECRET for body in made.servers["b"].contents("b").values() if word.encode() in body]


def test_an_undo_says_which_words_do_not_come_back_with_a_block() -> None:
    """I19."""
    made = world()
    made.put("a", dentist())
    made.put("a", dentist("u2", start="20261203T090000"))
    made.run()
    block = next(uid for uid, form in made.forms("b").items() if form["time"] == at(9))
    made.edit("b", block, title="Away", description="mine")
    made.run()
    made.delete("a", "u1")
    report = made.run(approved=AnyPlan())
    back = made.undo(report.run, yes=True)
    assert made.titles("b") == ["Busy", "Busy"] and '"Away" on b/b comes back as a copy' in str(back.notes)


def test_both_versions_of_a_conflict_are_kept_where_a_side_shows_less() -> None:
    """D1: the loser's version is that calendar's own, and hides nothing from it."""
    made = world(tie="keep-both")
    made.put("b", ics("n1", "Choir", "LOCATION:Church"))
    made.put("a", dentist())
    made.run()
    block = next(uid for uid in made.forms("b") if uid != "n1")
    made.edit("a", "n1", title="Choir in A")
    made.edit("b", "n1", title="Choir in B")
    made.edit("a", "u1", time=at(14))
    made.edit("b", block, time=at(15), description="mine")
    for _ in range(3):
        assert made.run(approved=AnyPlan()).exit_code == 0
    assert made.quiet() and {"Choir in A", "Choir in B"} <= set(made.titles("a") + made.titles("b"))
    assert {str(form["time"]) for form in made.forms("b").values()} >= {str(at(14)), str(at(15))}
    no_leak(made)


def broken_at_each_call(made: FaultyWorld, kind: str) -> Iterator[int]:
    """The number of the call that broke, each time once all has come to rest after it."""
    game = made.save()
    for number in range(1, 10):
        made.load(game)
        made.board.fault_at(number, kind)  # type: ignore[arg-type]
        made.crash_run(approved=AnyPlan())
        made.restart()
        check_rest(made)
        yield number


@pytest.mark.parametrize("kind", ["after-applied", "before", "kill-before", "kill-after", "garbled"])
def test_a_version_kept_as_an_event_of_its_own_is_whole_whatever_breaks(kind: str) -> None:
    """D1, I1: also where the first try to make it does not arrive, and what others have is shown there as blocks."""
    made = world(tie="keep-both")
    made.put("b", ics("n1", "Choir"))
    made.run()
    made.edit("a", "n1", title="Choir in A")
    made.edit("b", "n1", title="Choir in B")
    for number in broken_at_each_call(made, kind):
        assert {"Choir in A", "Choir in B"} == set(made.titles("a") + made.titles("b")), number
        made.oracle.final()


@pytest.mark.parametrize("kind", ["after-applied", "before", "kill-before", "kill-after", "garbled"])
def test_a_date_that_becomes_an_event_is_whole_at_home_whatever_breaks(kind: str) -> None:
    """R2, I1: also where both sides show blocks of each other, and the first try to make it does not arrive."""
    made = world(to_a=BUSY, orphan="detach", past_deletes="propagate")
    made.put("a", ics("n1", "Course", "RRULE:FREQ=WEEKLY;COUNT=5"))
    made.run()
    made.edit("a", "n1", **{"@20261222T080000Z/title": "Exam"})
    made.edit("b", next(iter(made.forms("b"))), recurrence=Recurrence(("COUNT=2;FREQ=WEEKLY",)))
    for number in broken_at_each_call(made, kind):
        there = made.servers["a"].contents("a").values()  # as an event, or where it was if a could be read before b
        assert sum(payload.count(b"SUMMARY:Exam") for payload in there) == 1, number
        assert made.titles("b") == ["Busy"] * len(there)
        made.oracle.final()
    no_leak(made, "Course", "Exam")


@pytest.mark.parametrize("view", [BUSY, View()])
def test_a_conflict_copy_that_a_person_brings_back_stays_where_it_is(view: View) -> None:
    """D1: it is never synced, so it does not become an event of the other side, with a copy in its own place (I2)."""
    made = world(tie="keep-both", to_b=view)
    made.put("b", ics("n1", "Choir"))
    made.run()
    made.edit("a", "n1", title="Choir in A")
    made.edit("b", "n1", title="Choir in B")
    made.run()
    side, there = next((s, i) for s in "ab" for i, p in made.servers[s].contents(s).items() if b"-calsync-copy-" in p)
    body = made.servers[side].contents(side)[there]
    made.servers[side].user_delete(side, there)
    made.run(approved=AnyPlan())
    made.servers[side].user_put(side, None, body)
    before = {s: made.titles(s) for s in "ab"}
    for _ in range(2):
        made.run(approved=AnyPlan())
    assert {s: made.titles(s) for s in "ab"} == before and made.quiet()


def test_an_event_that_is_made_again_while_it_is_deleted_elsewhere_is_kept() -> None:
    """Rows 14, 15 and 17: what is new was not seen by who deleted the old one (I2)."""
    made = FaultyWorld("ab")
    made.put("a", dentist())
    made.put("a", dentist("u2", start="20261203T090000"))
    made.run()
    body = next(p for p in made.servers["b"].contents("b").values() if b"UID:u1" in p)
    made.delete("b", "u1")
    made.servers["b"].user_put("b", None, body)
    made.delete("a", "u1")
    made.run(approved=AnyPlan())
    assert set(made.forms("a")) == set(made.forms("b")) == {"u1", "u2"} and made.quiet()


def test_what_is_written_on_the_block_stays_there() -> None:
    made = world()
    made.put("a", dentist())
    made.run()
    block = next(iter(made.forms("b")))
    made.edit("b", block, title="Away", description="mine")
    made.run()
    assert made.forms("a")["u1"]["title"] == "Dentist" and made.quiet()
    made.edit("a", "u1", time=at(11))
    made.run()
    assert only(made, "b") == {"title": "Away", "description": "mine", "time": at(11), "visibility": "private"}


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_deletion_on_either_side_takes_both(side: str) -> None:
    made = world()
    made.put("a", dentist())
    made.put("a", dentist("u2", start="20261202T090000"))
    made.run()
    name = "u1" if side == "a" else next(uid for uid, form in made.forms("b").items() if form["time"] == at(9))
    made.delete(side, name)
    made.run()
    assert list(made.forms("a")) == ["u2"] and len(made.forms("b")) == 1 and made.quiet()


def test_what_is_native_to_the_shown_side_travels_whole() -> None:
    made = world()
    made.put("b", ics("n1", "Choir", "LOCATION:Church"))
    made.run()
    assert made.forms("a")["n1"]["title"] == "Choir" and made.forms("b")["n1"]["location"] == "Church"
    made.edit("a", "n1", title="Choir practice")
    made.run()
    assert made.forms("b")["n1"]["title"] == "Choir practice"
    made.edit("b", "n1", location="Hall")
    made.run()
    assert made.forms("a")["n1"]["location"] == "Hall" and made.quiet()


def test_an_event_that_both_sides_have_gets_no_text_of_the_other() -> None:
    made = world()
    made.put("a", dentist())
    made.put("b", ics("u1", "Something"))
    made.run()
    assert made.titles("a") == ["Dentist"] and made.titles("b") == ["Something"]
    made.edit("a", "u1", time=at(14), description="novocaine")
    made.run()
    assert made.forms("b")["u1"]["time"] == at(14) and made.quiet()
    no_leak(made, "novocaine")


def test_series_show_their_dates() -> None:
    made = world()
    made.put("a", dentist("s1", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
    made.run()
    made.edit("a", "s1", **{"@20270308T080000Z": CANCELLED, "@20270315T080000Z/title": "Root canal"})
    made.run()
    form = only(made, "b")
    assert form["recurrence"] == Recurrence(("COUNT=4;FREQ=WEEKLY",)) and form["@20270308T080000Z"] == CANCELLED
    no_leak(made, "Root canal")
    block = next(iter(made.forms("b")))
    made.edit("b", block, **{"@20270322T080000Z": CANCELLED})
    made.run()
    assert made.forms("a")["s1"]["@20270322T080000Z"] == CANCELLED and made.quiet()


@pytest.mark.parametrize(("field", "value"), [("busy", "free"), ("status", "cancelled")])
def test_what_takes_no_time_has_no_block(field: str, value: str) -> None:
    made = world()
    made.put("a", dentist())
    made.put("a", dentist("u2", "TRANSP:TRANSPARENT"))
    made.run()
    assert len(made.forms("b")) == 1
    made.edit("a", "u1", **{field: value})
    made.run()
    assert made.forms("b") == {} and made.quiet()
    made.edit("a", "u1", **{field: None})
    made.run()
    assert made.titles("b") == ["Busy"] and made.quiet()
    made.oracle.final()


def test_one_way_blocks() -> None:
    made = world(direction="a-to-b")
    made.put("a", dentist())
    made.put("b", ics("n1", "Choir"))
    made.run()
    assert made.titles("a") == ["Dentist"] and made.titles("b") == ["Busy", "Choir"]
    made.delete("a", "u1")
    made.put("a", dentist("u2"))
    made.run()
    assert made.titles("b") == ["Busy", "Choir"] and made.quiet()
    no_leak(made)


def test_titles_and_templates() -> None:
    made = world(to_b=View("titles", title="[Work] {title}"))
    made.put("a", dentist())
    made.run()
    assert only(made, "b") == {"title": "[Work] Dentist", "time": at(9)}
    made.edit("a", "u1", title="Surgeon")
    made.run()
    assert made.titles("b") == ["[Work] Surgeon"]
    made.edit("b", "u1", title="Other", time=at(12))
    made.run()
    assert made.titles("a") == ["Surgeon"] and made.forms("a")["u1"]["time"] == at(12) and made.quiet()
    assert b"Praxis" not in seen_on(made, "b")


def test_colours_categories_reminders_links_and_privacy() -> None:
    view = View(private=True, links="drop", guests="drop", reminders=frozenset({"display:-PT5M"}),
                colors={"*": "gray"}, categories={"Health": "Private", "*": ""})
    made = world(to_b=view)
    text = "See\\nhttps://meet.example.org/abc\\nthere"
    made.put("a", ics("u1", "Dentist", f"DESCRIPTION:{text}", "CATEGORIES:health,work", "COLOR:red",
                      "URL:https://example.org/x", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:x@example.org"))
    made.run()
    form = only(made, "b")
    assert form == {"title": "Dentist", "time": at(9), "visibility": "private", "description": "See\nthere",
                    "color": "gray", "categories": frozenset({"Private"}), "reminders": frozenset({"display:-PT5M"})}
    assert b"meet.example.org" not in seen_on(made, "b") and b"x@example.org" not in seen_on(made, "b")
    made.edit("b", "u1", title="Tooth")
    made.run()
    assert made.titles("a") == ["Tooth"] and made.forms("a")["u1"]["url"] == "https://example.org/x" and made.quiet()


def with_rules(made: FaultyWorld, **pair: Any) -> None:
    made.pairs = [Pair("ab", CalendarName("a", "a"), CalendarName("b", "b"), first_sync="auto", **pair)]


def test_a_view_that_shows_less_is_a_migration_that_waits() -> None:
    """V7, G4: copies that hold more go, and come again; nothing of them stays on their side."""
    made = FaultyWorld("ab")
    made.put("a", dentist("u1", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:dr.who@example.org"))
    made.put("a", dentist("u2", "X-NOTE:dr.who"))
    made.put("b", ics("n1", "Choir", start="20261203T090000"))
    made.run()
    with_rules(made, to_b=BUSY)
    assert "2 to delete" in str(made.run(dry_run=True).plans) or made.run(dry_run=True).problems
    report = made.run()
    assert report.exit_code == 4 and made.titles("b") == ["Choir", "Dentist", "Dentist"]
    for _ in range(3):
        made.run(approved=AnyPlan())
    assert made.titles("b") == ["Busy", "Busy", "Choir"] and made.titles("a") == ["Choir", "Dentist", "Dentist"]
    assert not [word for word in SECRET for text in made.servers["b"].contents("b").values() if word.encode() in text]
    assert made.quiet()
    made.oracle.final()


@pytest.mark.parametrize("change", ["moved here", "moved there", "moved on both"])
@pytest.mark.parametrize("direction", ["two-way", "a-to-b"])
@pytest.mark.parametrize("view", [BUSY, View("titles"), View(guests="drop")])
def test_of_a_copy_that_was_edited_when_its_view_narrows_nothing_stays_behind(
    view: View, direction: str, change: str
) -> None:
    """I18: neither its guests nor its id, though it is not taken away before what was said there is heard."""
    made = FaultyWorld("ab", direction=direction, conflict="a")
    made.put("a", dentist("dr.who1", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:dr.who@example.org"))
    made.put("a", ics("n1", "Choir", start="20261203T090000"))
    made.run()
    if change != "moved there":
        made.edit("b", "dr.who1", time=at(15))
    if change != "moved here":
        made.edit("a", "dr.who1", time=at(16))
    with_rules(made, to_b=view, direction=direction, conflict="a")
    for _ in range(3):
        made.run(approved=AnyPlan(), yes=True)
    held = b"".join(made.servers["b"].contents("b").values())
    hidden = [b"mailto:", b"ATTENDEE"] + ([] if view.view == "full" else [b"Praxis"])
    assert not [word for word in hidden + ([b"dr.who"] if view == BUSY else []) if word in held]
    moved = at(15) if change == "moved here" and direction == "two-way" else at(9 if change == "moved here" else 16)
    assert made.forms("a")["dr.who1"]["time"] == moved
    assert [form for form in made.forms("b").values() if form["time"] == moved] and made.quiet()
    made.oracle.final()


def test_a_view_that_shows_more_fills_its_copies() -> None:
    made = world()
    made.put("a", dentist())
    made.run()
    with_rules(made, to_b=View("titles"))
    for _ in range(3):
        made.run(approved=AnyPlan(), yes=True)
    assert only(made, "b") == {"title": "Dentist", "time": at(9)}
    with_rules(made)
    for _ in range(3):
        made.run(approved=AnyPlan(), yes=True)
    form = only(made, "b")
    assert form["description"] == "wisdom tooth" and form["location"] == "Praxis" and made.quiet()
    made.edit("b", next(iter(made.forms("b"))), title="Tooth")
    made.run()
    assert made.titles("a") == ["Tooth"]


def test_a_lost_database_finds_its_blocks_again() -> None:
    """K8, I5: no title of a block comes back as text, none is made twice; a block without an event is told."""
    made = world()
    for number in range(3):
        made.put("a", dentist(f"u{number}", start=f"202612{10 + number}T090000"))
    made.run()
    made.lose_database()
    made.delete("a", "u2")
    for _ in range(2):
        report = made.run(approved=AnyPlan(), yes=True)
    assert made.titles("a") == ["Dentist", "Dentist"] and made.titles("b") == ["Busy"] * 3
    assert any("busy copy" in problem.message for problem in report.problems)
    block = next(uid for uid, form in made.forms("b").items() if form["time"] == at(9, 10))
    made.edit("b", block, time=at(17, 10))
    made.run()
    assert made.forms("a")["u0"]["time"] == at(17, 10)


def test_filtered_events_stay_out_and_leaving_deletes_nothing() -> None:
    made = FaultyWorld("ab", filter=Filter(not_patterns={"title": "(?i)lunch"}))
    made.put("a", ics("u1", "Lunch"))
    made.put("a", ics("u2", "Talk"))
    made.run()
    assert made.titles("b") == ["Talk"] and made.quiet()
    made.edit("a", "u2", title="Lunch talk", location="Club")
    made.run()
    assert made.titles("b") == ["Talk"] and made.quiet(), "the copy stays as it is (V5)"
    made.edit("b", "u2", description="mine")
    made.run()
    assert "description" not in made.forms("a")["u2"], "no operations while it sleeps (V2)"
    made.edit("a", "u2", title="Talk again")
    made.run()
    assert made.titles("b") == ["Talk again"] and made.forms("b")["u2"]["location"] == "Club"
    assert made.forms("a")["u2"]["description"] == "mine" and made.quiet()


def test_retired_copies_go_but_not_what_a_person_edited() -> None:
    made = FaultyWorld("ab", filter=Filter(not_patterns={"title": "(?i)lunch"}), on_leave="retire")
    for uid in ("u1", "u2", "u3"):
        made.put("a", ics(uid, f"Talk {uid}"))
    made.run()
    made.edit("b", "u2", description="mine")
    for uid in ("u1", "u2"):
        made.edit("a", uid, title=f"Lunch {uid}")
    made.run()
    assert made.titles("b") == ["Talk u2", "Talk u3"] and made.titles("a") == ["Lunch u1", "Lunch u2", "Talk u3"]
    assert made.quiet()
    made.edit("a", "u1", title="Back")
    made.run()
    assert "Back" in made.titles("b") and made.quiet()


def test_narrowing_a_filter_deletes_nothing_without_an_approved_plan() -> None:
    made = FaultyWorld("ab")
    for uid in ("u1", "u2"):
        made.put("a", ics(uid, f"Lunch {uid}"))
    made.run()
    with_rules(made, filter=Filter(not_patterns={"title": "Lunch"}))
    made.run(yes=True)
    assert len(made.titles("b")) == 2
    with_rules(made, filter=Filter(not_patterns={"title": "Lunch u1"}), on_leave="retire")
    assert made.run(yes=True).exit_code == 4
    assert len(made.titles("b")) == 2
    made.run(yes=True, approved=AnyPlan())
    assert made.titles("b") == ["Lunch u2"] and made.quiet()


def test_views_survive_crashes_at_any_point() -> None:
    made = world()
    made.put("a", dentist())
    made.put("a", dentist("u2", start="20261202T090000"))
    made.put("b", ics("n1", "Choir"))
    game = made.save()
    for kind in ("kill-before", "kill-after", "after-applied", "garbled"):
        for number in range(1, 14):
            made.load(game)
            made.board.fault_at(number, kind)  # type: ignore[arg-type]
            made.crash_run()
            made.restart()
            check_rest(made)
            made.oracle.final()
            assert made.titles("b") == ["Busy", "Busy", "Choir"] and made.titles("a") == ["Choir", "Dentist", "Dentist"]
            no_leak(made)


@pytest.mark.parametrize("both", [False, True])
def test_the_last_of_an_event_stays_though_calsync_made_it(both: bool) -> None:
    """What was restored is calsync's on both sides; a rule takes away copies, never the event itself (I2)."""
    made = FaultyWorld("ab", conflict="b")
    for number in range(4):
        made.put("a", dentist(f"u{number}", start=f"202612{10 + number}T090000"))
    made.run()
    made.delete("a", "u1")
    made.edit("b", "u1", location="Clinic")
    made.run()
    assert len(made.titles("a")) == 4, "restored: both are copies now"
    with_rules(made, to_b=BUSY, to_a=BUSY if both else View(), filter=Filter(not_patterns={"place": "Clinic"}),
               on_leave="retire")
    for _ in range(4):
        made.run(approved=AnyPlan(), yes=True)
    assert b"Clinic" in b"".join([*made.servers["a"].contents("a").values(), *made.servers["b"].contents("b").values()])
    with_rules(made, to_b=BUSY, to_a=BUSY if both else View())
    for _ in range(4):
        made.run(approved=AnyPlan(), yes=True)
    assert b"Clinic" in b"".join([*made.servers["a"].contents("a").values(), *made.servers["b"].contents("b").values()])
    assert made.quiet()


def test_why_an_event_takes_no_part_is_known() -> None:
    from calsync_cli.store import views

    made = FaultyWorld("ab", filter=Filter(not_patterns={"title": "(?i)lunch"}), to_b=BUSY)
    made.put("a", ics("u1", "Lunch"))
    made.put("a", ics("u2", "Free", "TRANSP:TRANSPARENT"))
    made.put("a", ics("u3", "Talk"))
    made.run()
    told = {event.title: (event.status, event.detail) for event in views.events(made.db, 1)}
    assert told["Talk"] == ("synced", "")
    assert told["Lunch"][0] == "dormant" and "not_title" in told["Lunch"][1] and "(?i)lunch" in told["Lunch"][1]
    assert told["Free"] == ("dormant", "its time counts as free, so it has no busy copy")
    made.edit("a", "u3", title="Lunch talk")
    made.edit("a", "u1", title="Talk")
    made.run()
    told = {event.title: (event.status, event.detail) for event in views.events(made.db, 1)}
    assert told["Talk"] == ("synced", "") and told["Lunch talk"][0] == "dormant"
    with_rules(made)
    made.run(approved=AnyPlan(), yes=True)
    made.run(approved=AnyPlan(), yes=True)
    assert {event.status for event in views.events(made.db, 1)} == {"synced"}


def test_a_pair_that_hides_nothing_any_more_fills_its_blocks() -> None:
    """V7: also where the state was lost, and whatever the pair is called in it: no "Busy" comes back as a title."""
    made = world()
    made.put("a", dentist())
    made.put("b", ics("n1", "Choir", start="20261203T090000"))
    made.run()
    made.lose_database()
    with_rules(made, conflict="b")
    for _ in range(4):
        made.run(approved=AnyPlan(), yes=True)
    assert made.titles("a") == made.titles("b") == ["Choir", "Dentist"] and made.quiet()
    with_rules(made, to_b=BUSY)
    for _ in range(4):
        made.run(approved=AnyPlan(), yes=True)
    assert made.titles("b") == ["Busy", "Choir"] and made.titles("a") == ["Choir", "Dentist"] and made.quiet()


def test_copies_found_again_after_a_lost_database_are_not_made_anew() -> None:
    made = FaultyWorld("ab", to_b=View("titles"))
    for number in range(6):
        made.put("a", dentist(f"u{number}", start=f"202612{10 + number}T090000"))
    made.run()
    made.lose_database()
    before = made.writes()
    for _ in range(3):
        assert made.run(approved=AnyPlan(), yes=True).exit_code == 0
    assert made.writes() == before and made.quiet()


def test_two_calendars_that_only_see_when_the_other_is_busy() -> None:
    made = world(to_a=View("busy", title="Home"), to_b=View("busy", title="Work"))
    made.put("a", dentist())
    made.put("b", ics("n1", "Choir", "LOCATION:Church", start="20261203T180000"))
    made.run()
    assert made.titles("a") == ["Dentist", "Home"] and made.titles("b") == ["Choir", "Work"] and made.quiet()
    block = next(uid for uid, form in made.forms("a").items() if form["title"] == "Home")
    made.edit("a", block, time=at(20, 3), description="cannot leave")
    made.edit("b", "n1", location="Hall")
    made.run()
    assert made.forms("b")["n1"]["time"] == at(20, 3) and made.forms("b")["n1"]["location"] == "Hall"
    assert "Hall" not in str(made.forms("a")) and b"cannot leave" not in seen_on(made, "b") and made.quiet()
    no_leak(made)
    made.delete("a", "u1")
    made.run()
    assert made.titles("a") == ["Home"] and made.titles("b") == ["Choir"] and made.quiet()


@pytest.mark.parametrize("second", [{}, {"direction": "a-to-b"}, {"to_b": View("titles", title="[work] {title}")}])
def test_a_block_that_is_copied_on_leaks_nothing_and_rests(second: dict[str, Any]) -> None:
    """N4 with chain = true: what goes on from a busy copy is the busy copy, and its times flow back along the chain."""
    b, c = CalendarName("b", "b"), CalendarName("c", "c")
    made = FaultyWorld("abc", [
        Pair("ab", CalendarName("a", "a"), b, first_sync="auto", to_b=BUSY, chain=True),
        Pair("bc", b, c, first_sync="auto", **second),
    ])
    made.put("a", dentist("dr.who1", "ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:dr.who@example.org"))
    made.put("a", dentist("s1", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
    made.put("b", ics("n1", "Choir"))
    for _ in range(3):
        made.run(yes=True)
    assert len(made.forms("a")) == len(made.forms("b")) == len(made.forms("c")) == 3 and made.quiet()
    made.lose_database()
    before = made.writes()
    for _ in range(3):
        made.run(approved=AnyPlan(), yes=True)
    assert made.writes() == before and made.quiet()
    made.edit("a", "dr.who1", title="Surgeon", time=at(15))
    made.edit("a", "s1", **{"@20270308T080000Z": CANCELLED, "@20270315T080000Z/description": "wisdom tooth"})
    for _ in range(3):
        made.run()
    assert [form["time"] for form in made.forms("c").values() if "Busy" in str(form.get("title"))].count(at(15)) == 1
    if second.get("direction") != "a-to-b":
        block = next(uid for uid, form in made.forms("c").items() if form["time"] == at(15))
        made.edit("c", block, time=at(17), description="written on c")
        for _ in range(3):
            made.run()
        form = made.forms("a")["dr.who1"]
        assert form["time"] == at(17) and form["description"] == "wisdom tooth" and made.quiet()
    made.delete("a", "s1")
    for _ in range(3):
        made.run(approved=AnyPlan())
    for side in "bc":
        calsyncs = [change.payload or b"" for change in made.servers[side].history(side) if change.who == "calsync"]
        told = b"".join(calsyncs) + b" ".join(change.remote_id.encode() for change in made.servers[side].history(side))
        assert not [word for word in (*SECRET, "Surgeon", "s1@") if word.encode() in told], side
        assert len(made.forms(side)) == 2
    assert made.quiet()


@pytest.mark.parametrize("names", ["bc cd", "cd bc"])
@pytest.mark.parametrize("more", [{"to_a": BUSY}, {"filter": Filter(not_patterns={"title": "Lunch"})}])
def test_what_was_twice_and_is_once_again_is_known_to_every_pair(names: str, more: dict[str, Any]) -> None:
    """Row 17: the pair that is planned first finds it, and the others do not take it for deleted (I2)."""
    pairs = {
        "bc": Pair("bc", CalendarName("b", "b"), CalendarName("c", "c"), first_sync="auto", **more),
        "cd": Pair("cd", CalendarName("c", "c"), CalendarName("d", "d"), first_sync="auto"),
    }
    made = FaultyWorld("bcd", [pairs[name] for name in names.split()])
    made.put("c", ics("u1", "Talk"))
    made.put("c", ics("u2", "Other", start="20261203T090000"))
    made.run()
    before = made.servers["b"].contents("b")
    first, talk = next((i, p) for i, p in made.servers["c"].contents("c").items() if b"Talk" in p)
    made.servers["c"].user_put("c", None, talk)
    assert "has the same UID" in str(made.run().problems)
    made.servers["c"].user_delete("c", first)
    for _ in range(2):
        made.run(approved=AnyPlan())
    assert made.servers["b"].contents("b") == before
    assert made.titles("c") == made.titles("d") == ["Other", "Talk"] and made.quiet()


@pytest.mark.parametrize("direction", ["two-way", "a-to-b"])
def test_a_field_that_is_turned_off_is_not_even_in_a_new_copy(direction: Any) -> None:
    """Not as reminders, which a copy starts with and then keeps for itself: it does not cross at all."""
    made = FaultyWorld("ab", direction=direction, field_off=frozenset({"location"}), orphan="detach")
    made.put("a", ics("n1", "Course", "LOCATION:Secret", "RRULE:FREQ=WEEKLY;COUNT=5"))
    made.edit("a", "n1", **{"@20261222T080000Z/location": "Hidden"})
    made.run()
    made.edit("a", "n1", location="Elsewhere", title="Class")
    made.run()
    assert made.titles("b") == ["Class"]
    assert not any(word in seen_on(made, "b") for word in (b"Secret", b"Hidden", b"Elsewhere"))
    assert made.quiet()
