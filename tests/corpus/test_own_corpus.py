"""C1 over the project's own corpus: what is odd is read, written back and edited by its lines, or left alone."""

from __future__ import annotations

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ical import ICAL
from tests.corpus import ALL, OBJECTS, REFUSED, TABLES
from tests.corpus.laws import check
from tests.corpus.split import as_series

EDITS_REFUSED = {"year_9998": {"time"}}
"""An edit that an object cannot take."""


def test_the_corpus_has_at_least_300_objects_and_each_name_once() -> None:
    assert len(ALL) == sum(map(len, TABLES)) >= 300
    assert len(OBJECTS) > 300 < len(set(OBJECTS.values()))


@pytest.mark.parametrize("name", OBJECTS)
def test_each_object_keeps_its_bytes_and_an_edit_changes_its_own_lines_only_c1(name: str) -> None:
    assert set(check(OBJECTS[name]).edits) == EDITS_REFUSED.get(name, set())


SERIES = {name: made for name, payload in OBJECTS.items() if (made := as_series(payload)) is not None}


@pytest.mark.parametrize("name", SERIES)
def test_each_oddity_in_a_series_with_a_silent_instance_keeps_the_same_laws_c1(name: str) -> None:
    assert set(check(SERIES[name]).edits) == EDITS_REFUSED.get(name, set())


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_trusted_is_left_alone_with_its_reason_o8(name: str) -> None:
    refused = REFUSED[name]
    with pytest.raises(MappingError) as caught:
        ICAL.read(refused.payload)
    assert refused.reason in str(caught.value)
    assert 10 < len(str(caught.value)) < 500
