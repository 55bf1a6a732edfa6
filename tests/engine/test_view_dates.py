"""W6, I16: the dates of a series are those of its block, also where words stand on a date that no rule has."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calsync_cli.model.series import CANCELLED, Changes, Recurrence
from calsync_cli.model.times import Span, Zoned
from calsync_cli.model.views import View
from tests.engine.faulty_world import FaultyWorld
from tests.engine.oracles import check_rest
from tests.engine.world import ics

THIRD = "20270315T080000Z"


def monday(number: int, hour: int = 9) -> Zoned:
    return Zoned(datetime(2027, 3, 1, hour) + timedelta(weeks=number - 1), "Europe/Berlin")


def weeks(number: int, *more: Zoned) -> Recurrence:
    return Recurrence((f"COUNT={number};FREQ=WEEKLY",), more)


class Course:
    """Four Mondays on a, the third of which is an exam, and their block on b."""

    def __init__(self, direction: str = "two-way") -> None:
        self.world = FaultyWorld("ab", to_b=View("busy"), direction=direction)
        self.world.put("a", ics("s1", "Course", "RRULE:FREQ=WEEKLY;COUNT=4", start="20270301T090000"))
        self.world.run()
        self.edit("a", {f"@{THIRD}/title": "Exam"})

    def edit(self, side: str, changes: Changes) -> None:
        self.world.edit(side, self.name(side), **changes)
        check_rest(self.world)

    def name(self, side: str) -> str:
        return next(iter(self.world.forms(side)))

    def rule(self, side: str) -> Recurrence:
        rule = self.world.forms(side)[self.name(side)]["recurrence"]
        assert isinstance(rule, Recurrence)
        return rule

    @property
    def words(self) -> dict[str, object]:
        return {path: value for path, value in self.world.forms("a")["s1"].items() if path.startswith("@")}

    @property
    def stored(self) -> str:
        return str([row["value"] for row in self.world.db.all("SELECT value FROM kept")])


@pytest.mark.parametrize("direction", ["two-way", "a-to-b"])
def test_a_date_that_is_left_of_a_series_cut_short_stands_in_its_block(direction: str) -> None:
    course = Course(direction)
    course.edit("a", {"recurrence": weeks(2)})
    assert course.words == {f"@{THIRD}/title": "Exam"} and course.rule("b") == weeks(2, monday(3))
    course.edit("a", {f"@{THIRD}/title": "Oral exam"})
    assert course.rule("a") == weeks(2), "the block's date is no news at home"
    course.edit("a", {f"@{THIRD}/title": None})
    assert course.rule("b") == weeks(2) and not course.words


def test_a_date_that_the_series_gets_back_is_one_of_its_rule_again() -> None:
    course = Course()
    course.edit("a", {"recurrence": weeks(2)})
    course.edit("a", {"recurrence": weeks(5)})
    assert course.rule("b") == weeks(5) and course.words == {f"@{THIRD}/title": "Exam"}


def test_a_series_cut_short_on_its_block_is_that_at_home_and_the_words_are_kept() -> None:
    """Rows 11, 12 of a date: it does not come back where somebody took it away."""
    course = Course()
    course.edit("b", {"recurrence": weeks(2)})
    assert course.rule("a") == course.rule("b") == weeks(2) and not course.words and "Exam" in course.stored


def test_a_date_taken_out_of_the_block_goes_with_its_words() -> None:
    course = Course()
    course.edit("a", {"recurrence": weeks(2)})
    course.edit("b", {"recurrence": weeks(2)})
    assert course.rule("b") == weeks(2) and not course.words and "Exam" in course.stored


def test_words_written_while_the_date_is_taken_out_of_the_block_win() -> None:
    """Rows 14, 15, of a date that is left of a series cut short."""
    course = Course()
    course.edit("a", {"recurrence": weeks(2)})
    course.world.edit("a", "s1", **{f"@{THIRD}/title": "Oral exam"})
    course.edit("b", {"recurrence": weeks(2)})
    assert course.words == {f"@{THIRD}/title": "Oral exam"} and course.rule("b") == weeks(2, monday(3))


def test_words_stay_with_their_date_where_a_block_is_moved_and_given_another_rule() -> None:
    """R3, R8: a program that names the day of the week changes the rule with the time."""
    course = Course()
    on_tuesday = Recurrence(("BYDAY=TU;COUNT=3;FREQ=WEEKLY",))
    begin = monday(1, 10).local + timedelta(days=1)
    span = Span(Zoned(begin, "Europe/Berlin"), Zoned(begin + timedelta(hours=1), "Europe/Berlin"))
    course.edit("b", {"time": span, "recurrence": on_tuesday})
    assert course.words == {"@20270316T090000Z/title": "Exam"} and course.rule("a") == on_tuesday
    assert "Exam" not in course.stored


def test_of_words_on_a_date_cancelled_on_its_block_none_come_back_with_the_date() -> None:
    course = Course()
    course.edit("b", {f"@{THIRD}": CANCELLED})
    course.edit("a", {f"@{THIRD}": None})
    assert not course.words and "Exam" in course.stored
    course.edit("a", {"recurrence": weeks(2)})
    assert course.rule("b") == weeks(2)


def test_a_moved_block_that_is_taken_back_stays_as_it_was() -> None:
    """I19: neither its own words on a date nor a date that no rule has make the next run write it again."""
    course = Course()
    course.edit("a", {"recurrence": weeks(2)})
    course.edit("b", {"@20270308T080000Z/title": "Away"})
    span = Span(monday(1, 7), monday(1, 8))
    keys = {f"@{THIRD}/title": None, "@20270315T060000Z/title": "Exam"}
    course.world.edit("a", "s1", time=span, **keys)
    done = course.world.run()
    assert course.rule("b") == weeks(2, monday(3, 7)) and "Away" not in str(course.world.forms("b"))
    course.world.undo(done.run, yes=True)
    forms = course.world.forms("b")
    assert course.rule("b") == weeks(2, monday(3)) and "Away" in str(forms)
    course.world.run(full=True)
    assert course.world.forms("b") == forms
