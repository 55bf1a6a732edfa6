"""docs/loss-table.md is what the mappings say of themselves, and tells of every field."""

from __future__ import annotations

from calsync_cli.mapping.losses import EVENT, How
from calsync_cli.mapping.registry import OF_PROVIDER
from calsync_cli.model.series import CARRIED, FIELDS
from tests.unit.losses.page import COLUMNS, FILE, ROWS, page


def test_the_page_is_made_of_the_tables() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "python -m tests.unit.losses.page > docs/loss-table.md"


def test_every_field_has_a_row_and_every_table_only_fields() -> None:
    assert ROWS.keys() == {*FIELDS, "", EVENT, CARRIED, "uid"}
    assert all(table.keys() <= ROWS.keys() and all(table.values()) for table in COLUMNS.values())
    assert len(COLUMNS) == 1 + len(set(OF_PROVIDER.values()))


def test_words_fit_into_a_sentence() -> None:
    words = [clause.words for table in COLUMNS.values() for clauses in table.values() for clause in clauses]
    assert all(said and said == said.strip() and said[-1] not in ".;," for said in words)


def test_only_people_and_what_means_nothing_is_not_copied() -> None:
    """What a copy lacks for good has no way back: only guests, organizers, spellings and dates of nothing may."""
    lacking = {field for table in COLUMNS.values() for field, clauses in table.items() for c in clauses
               if c.how is How.LEFT}  # fmt: skip
    assert lacking == {"guests", "organizer", "time", ""}
