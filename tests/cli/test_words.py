"""Values in words: repetitions, reminders, times, long texts side by side."""

from __future__ import annotations

import pytest

from calsync_cli.cli import screen, words


@pytest.mark.parametrize(("rule", "said"), [
    ("FREQ=DAILY", "every day"),
    ("COUNT=10;FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "every 2 weeks on Tue, Thu, 10 times"),
    ("BYDAY=-1FR;FREQ=MONTHLY", "every month on the last Fri"),
    ("BYDAY=+2MO,5TU;FREQ=MONTHLY", "every month on the 2nd Mon, the 5th Tue"),
    ("BYMONTHDAY=1,-1;FREQ=MONTHLY", "every month on the 1st, last day"),
    ("BYMONTHDAY=2,3,11,22,-2;FREQ=MONTHLY", "every month on the 2nd, 3rd, 11th, 22nd, 2nd last day"),
    ("BYMONTH=3,12;BYMONTHDAY=5;FREQ=YEARLY", "every year on the 5th in Mar, Dec"),
    ("FREQ=DAILY;UNTIL=20261231T230000Z", "every day, until Thu 31 Dec 2026"),
    ("FREQ=DAILY;UNTIL=20261231", "every day, until Thu 31 Dec 2026"),
    ("BYSETPOS=2;BYDAY=MO;FREQ=MONTHLY", "BYSETPOS=2;BYDAY=MO;FREQ=MONTHLY"),
    ("FREQ=HOURLY", "FREQ=HOURLY"),
    ("nonsense", "nonsense"),
])
def test_repetitions(rule: str, said: str) -> None:
    assert words.rule_words(rule) == said


@pytest.mark.parametrize(("text", "said"), [
    ("display:-PT15M", "15 min before"), ("display:-P1DT2H", "1 day 2 h before"), ("display:PT5M", "5 min after"),
    ("display:PT0S", "at the start"), ("display:-P1W", "1 week before"), ("audio:20261124T083000Z",) * 2,
    ("display:end:PT0S",) * 2,
])
def test_reminders(text: str, said: str) -> None:
    assert words.reminder_words(text) == said


@pytest.mark.parametrize(("path", "value", "said"), [
    ("start", "2026-12-02", "Wed 2 Dec 2026"),
    ("end", "2026-12-03", "Wed 2 Dec 2026"),
    ("start", "2026-12-02T09:00:00+01:00", "Wed 2 Dec 2026 09:00 +0100"),
    ("start", "2026-12-02T09:00:00", "Wed 2 Dec 2026 09:00"),
    ("title", None, "(none)"), ("busy", None, "busy"), ("@20261203/status", "", "confirmed"),
    ("categories", [], "(none)"),
    ("time", {"s": "20261201T090000 Europe/Berlin", "e": "20261201T100000 Europe/Berlin"},
     "Tue 1 Dec 2026 09:00-10:00 Europe/Berlin"),
    ("time", {"s": "20261201T230000", "e": "20261202T010000"}, "Tue 1 Dec 2026 23:00 to Wed 2 Dec 2026 01:00"),
    ("time", {"s": "20261201", "e": "20261202"}, "Tue 1 Dec 2026"),
    ("time", {"s": "20261201", "e": "20261204"}, "Tue 1 Dec 2026 to Thu 3 Dec 2026"),
    ("recurrence", {"r": ["FREQ=DAILY"], "d": ["20261224"], "p": ["20261201T090000Z/PT1H"]},
     "every day; also Thu 24 Dec 2026; also 20261201T090000Z/PT1H"),
    ("categories", ["A", "B"], "A, B"), ("reminders", ["display:-PT15M"], "15 min before"),
])
def test_values(path: str, value: object, said: str) -> None:
    assert words.value_words(path, value) == said


@pytest.mark.parametrize(("path", "said"), [
    ("busy", "busy state"), ("x:X-PROJECT", "X-PROJECT"),
    ("@20261203T080000Z/title", "title on Thu 3 Dec 2026 09:00"),
    ("@20260703T070000Z/title", "title on Fri 3 Jul 2026 09:00"),
    ("@20261203/title", "title on Thu 3 Dec 2026"), ("@20261203", "this date on Thu 3 Dec 2026"),
])
def test_fields(path: str, said: str) -> None:
    assert words.field_words(path, "Europe/Berlin") == said


def test_short_texts_stay_whole_and_long_ones_show_where_they_differ() -> None:
    assert words.excerpts(["", "a", "b"]) == ["", "a", "b"]
    same = "x" * 5000
    none, left, right = words.excerpts(["(none)", same + "left", same + "right"])
    assert none == "(none)" and "left" in left and "right" in right and left.startswith("… ")
    assert "(5,004 characters)" in left and len(left) < 400


def test_one_long_text_against_a_short_one_is_shown_from_its_beginning() -> None:
    assert words.excerpts(["short", "Begin" + "x" * 5000])[1].startswith("Begin")


# -- the screen --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "said"), [
    ("plain", "plain"), ("  two  blanks ", "two blanks"), ("red \x1b[31m text", "red [31m text"),
    ("a\nb\tc\vd", "a b c d"), ("x\u2028y", "x y"), ("\u2066isolated\u2069", "isolated"),
    ("right \u202eto left", "right to left"), ("soft\u00adhyphen", "softhyphen"), ("\ufeffbom", "bom"), ("\ud800", ""),
    ("👩‍👩‍👧 school", "👩‍👩‍👧 school"), ("می‌خواهم", "می‌خواهم"),
])  # fmt: skip
def test_text_of_others_is_harmless(text: str, said: str) -> None:
    assert screen.shown(text) == said


@pytest.mark.parametrize(("text", "columns"), [
    ("abc", 3), ("会議:予算", 9), ("👩‍👩‍👧", 2), ("Ä", 1), ("e\u0301", 1), ("⚽", 2), ("", 0), ("العربية", 7),
])
def test_width_is_what_the_terminal_shows(text: str, columns: int) -> None:
    assert screen.width(text) == columns


@pytest.mark.parametrize("columns", [20, 33, 80])
@pytest.mark.parametrize("line", [
    "", "short", "    indented " + "word " * 60, "x" * 500, "会議:予算" * 50, "  a " + "👩‍👩‍👧 " * 90,
    "mixed " + "Ä" * 99 + " end",
])  # fmt: skip
def test_lines_are_broken_to_fit_and_lose_nothing(line: str, columns: int) -> None:
    pieces = list(screen.wrapped(line, columns))
    assert all(screen.width(piece) <= columns for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(line.split())


def test_a_broken_line_goes_on_to_the_right_of_its_beginning() -> None:
    assert list(screen.wrapped("  one two three four five six", 22)) == ["  one two three four", "  five six"]
    assert list(screen.wrapped("one two  three four five six", 25)) == ["one two  three four five", "    six"]


def test_a_million_letters_are_broken_quickly() -> None:
    assert len(list(screen.wrapped("会" * 1_000_000, 80))) > 10_000
