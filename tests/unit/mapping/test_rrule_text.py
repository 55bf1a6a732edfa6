"""Canonical RRULE texts (R8)."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.rrule_text import canonical, spoken
from calsync_cli.model.recur import starts
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned

BERLIN = Zoned(datetime(2026, 11, 24, 9, 30), "Europe/Berlin")
DAY = AllDay(date(2026, 11, 24))
FLOATING = Floating(datetime(2026, 11, 24, 9, 30))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("FREQ=WEEKLY;BYDAY=WE,MO;INTERVAL=1;WKST=MO", "BYDAY=MO,WE;FREQ=WEEKLY"),
        ("freq=weekly;wkst=su", "FREQ=WEEKLY;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=+1MO,-1FR;", "BYDAY=1MO,-1FR;FREQ=MONTHLY"),
        ("FREQ=YEARLY;BYMONTH=12,1,1;BYMONTHDAY=-1,05", "BYMONTH=1,12;BYMONTHDAY=-1,5;FREQ=YEARLY"),
        ("FREQ=DAILY;COUNT=007", "COUNT=7;FREQ=DAILY"),
        ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD", "BYMONTH=5L;FREQ=YEARLY;RSCALE=HEBREW;SKIP=FORWARD"),
    ],
)
def test_one_rule_has_one_text(raw: str, text: str) -> None:
    assert canonical(raw, BERLIN) == text
    assert canonical(text, BERLIN) == text


@pytest.mark.parametrize(
    ("until", "start", "text"),
    [
        ("20261231", BERLIN, "20261231T225959Z"),
        ("20260701", BERLIN, "20260701T215959Z"),
        ("20261231T093000", BERLIN, "20261231T083000Z"),
        ("20261231T083000Z", BERLIN, "20261231T083000Z"),
        ("99991231", Zoned(datetime(2026, 1, 1), "America/New_York"), "99991231T235959Z"),
        ("20261231T230000Z", DAY, "20261231"),
        ("20261231", FLOATING, "20261231T235959"),
        ("20261231T093000Z", FLOATING, "20261231T093000"),
    ],
)
def test_until_has_the_form_of_its_series(until: str, start: When, text: str) -> None:
    assert canonical(f"FREQ=DAILY;UNTIL={until}", start) == f"FREQ=DAILY;UNTIL={text}"


@pytest.mark.parametrize(
    "raw",
    ["", "FREQ=FOO", "BYDAY=MO", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;INTERVAL=-1",
     "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;BYDAY=0MO", "FREQ=YEARLY;BYMONTH=13", "FREQ=DAILY;UNTIL=soon",
     "FREQ=DAILY;UNTIL=20260230", "FREQ=DAILY;X-A=1", "FREQ=DAILY;BYSETPOS=0", "FREQ=DAILY;WKST=8",
     "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYDAY="],
)  # fmt: skip
def test_a_broken_rule_is_refused_by_name(raw: str) -> None:
    with pytest.raises(MappingError, match="repetition rule"):
        canonical(raw, BERLIN)


parts = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]), "COUNT": st.integers(1, 5).map(str)},
    optional={
        "INTERVAL": st.integers(1, 9).map(str),
        "BYDAY": st.lists(st.sampled_from(["MO", "1TU", "-1FR", "SU"]), min_size=1, max_size=3).map(",".join),
        "BYMONTH": st.lists(st.sampled_from(["1", "2", "07", "12"]), min_size=1, max_size=3).map(",".join),
        "BYMONTHDAY": st.lists(st.sampled_from(["1", "-1", "15", "+28"]), min_size=1, max_size=3).map(",".join),
        "WKST": st.sampled_from(["MO", "SU"]),
        "BYHOUR": st.sampled_from(["9", "9,18"]),
    },
)


@settings(max_examples=60, deadline=None)
@given(parts, st.randoms(use_true_random=False))
def test_the_order_and_spelling_of_parts_make_no_difference_and_what_is_accepted_expands(
    given_parts: dict[str, str], random: object
) -> None:
    items = list(given_parts.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    shuffled = ";".join(f"{name}={value}" for name, value in items)
    text = canonical(shuffled, BERLIN)
    assert text == canonical(";".join(f"{n}={v}" for n, v in given_parts.items()).lower(), BERLIN)
    assert next(starts(Span(BERLIN, BERLIN), Recurrence((text,)))) == BERLIN


def test_what_is_written_begins_with_freq() -> None:
    """RFC 5545 3.3.10 demands it, for programs that are older than it."""
    rule = canonical("FREQ=MONTHLY;INTERVAL=2;BYDAY=MO;COUNT=5", BERLIN)
    assert spoken(rule) == "FREQ=MONTHLY;BYDAY=MO;COUNT=5;INTERVAL=2" and canonical(spoken(rule), BERLIN) == rule
