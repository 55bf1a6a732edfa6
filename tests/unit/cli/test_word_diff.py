"""Words that changed, marked without colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_cli.cli.word_diff import AROUND, MOST, WORDS, Marked, changed, cut, marked


@pytest.mark.parametrize(("base", "now", "shown"), [
    ("Dentist Dr. Miller", "Dentist Dr. Miller (moved)", "Dentist Dr. Miller {+(moved)+}"),
    ("Dentist Dr. Miller", "Dentist: Dr. Miller", "Dentist{+:+} Dr. Miller"),
    ("Lunch with Ann and Bob", "Lunch with Ann", "Lunch with Ann [-and Bob-]"),
    ("the old blue car", "the very new car", "the {+very new+} car"),
    ("one two three four", "one four", "one [-two three-] four"),
    ("Tue 1 Dec 2026 09:00", "Tue 1 Dec 2026 11:30", "Tue 1 Dec 2026 {+11:30+}"),
    ("会議:予算", "会議:予定算", "会議:予{+定+}算"),
    ("Standup", "Review", "Review"),
    ("a b", "c d", "c d"),
    ("same", "same", "same"),
    ("", "new", "new"),
])
def test_new_words_and_words_that_went_stand_in_brackets(base: str, now: str, shown: str) -> None:
    assert str(marked(base, now)) == shown


WORD = st.sampled_from(["a", "b", "cc", " ", "  ", ",", "é", "会", "👩‍👩‍👧", "09:00"])
TEXT = st.lists(WORD, max_size=14).map("".join)


@given(TEXT, TEXT)
def test_what_is_not_gone_is_the_text_itself(base: str, now: str) -> None:
    found = marked(base, now)
    assert "".join(found.plain.split()) == "".join(now.split())
    assert all(text in base for mark, text in found.pieces if mark == "-")
    assert "".join(text for _, text in changed(base, [now]).pieces) == base


@given(TEXT, TEXT)
def test_every_new_word_is_marked_unless_all_are_new(base: str, now: str) -> None:
    found = marked(base, now)
    if any(mark for mark, _ in found.pieces):
        for mark, text in found.pieces:
            assert mark or {word for word in WORDS.findall(text) if word.strip()} <= set(WORDS.findall(base))


def test_a_long_text_is_cut_around_what_changed() -> None:
    same = "word " * 500
    found = cut(marked(f"{same}old end", f"{same}new end"), 300)
    assert str(found).startswith("…") and "{+new+} end" in str(found) and str(found).endswith(" (2,507 characters)")
    assert len(str(found)) < 300
    short = Marked((("", "x" * 300),))
    assert cut(short, 300) is short
    assert str(cut(Marked((("", "x" * 301),)), 300)) == f"{'x' * 4 * AROUND} … (301 characters)"


def test_texts_without_end_are_compared_in_no_time() -> None:
    old, new = (" ".join(f"{letter}{n}" for n in range(MOST)) for letter in "xy")
    assert str(marked(f"begin {old} end", f"begin {new} end")) == f"begin {{+{new}+}} end"
