"""The same laws for a folder of anybody's .ics files: CALSYNC_CORPUS=DIR pytest tests/corpus/test_further_corpus.py

Without it the files of tests/data/ical are taken. Files of many events are split by UID (split). What calsync refuses,
and what a cloud cannot hold, is allowed with its reason; `python -m tests.corpus DIR` lists it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model import recur
from calsync_cli.model.series import LOCAL_FIELDS, Form, without_fields
from tests.corpus.laws import check
from tests.corpus.split import as_series, objects
from tests.engine.cloud_oracle import held_uids
from tests.engine.cloud_world import CloudWorld
from tests.engine.ical_sides import IcalSide
from tests.engine.sides import plain_uid

FOLDER = Path(os.environ.get("CALSYNC_CORPUS") or Path(__file__).parents[1] / "data" / "ical")
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix.lower() in (".ics", ".ical", ".ifb", ".icalendar"))
AT_ONCE = 300


def test_there_are_files_in_the_folder() -> None:
    assert FILES, f"no .ics file in {FOLDER}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_each_object_is_refused_with_a_reason_or_keeps_the_laws_c1(path: Path) -> None:
    for payload in objects(path.read_bytes()):
        for one in filter(None, (payload, as_series(payload))):
            try:
                check(one)
            except MappingError as refused:
                assert str(refused)


def readable() -> dict[str, bytes]:
    """By UID, the first of each; what is refused is the matter of the test above."""
    found: dict[str, bytes] = {}
    for path in FILES:
        for payload in objects(path.read_bytes()):
            try:
                found.setdefault(plain_uid(ICAL.read(payload).uid), payload)
            except MappingError:
                continue
    return found


@pytest.mark.parametrize("cloud", ["google", "graph"])
def test_what_goes_through_a_cloud_arrives_the_same_or_is_held_with_a_reason_c2(cloud: str) -> None:
    every = list(readable().items())
    for some in (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE)):
        with CloudWorld("vdir", cloud, "dav") as world:
            folder = world["a"]
            assert isinstance(folder, IcalSide)
            for number, (_, payload) in enumerate(some):
                folder.put(f"{number}.ics", payload)
            report = world.run()
            assert {one.code for one in report.problems} <= {"mapping", "refused", "ambiguous"}
            assert all(one.message for one in report.problems)
            assert world.quiet()
            _arrived(world, dict(some), held_uids(world))


def _arrived(world: CloudWorld, payloads: dict[str, bytes], held: set[str]) -> None:
    there = world.forms("c")
    for uid in payloads.keys() - held:
        assert uid in world["b"].uids() and uid in there, uid
    for uid, payload in payloads.items():
        if uid in there:
            assert recur.diff(_shared(ICAL.read(payload).form), _shared(there[uid])) == {}, uid


def _shared(form: Form) -> Form:
    return without_fields(form, LOCAL_FIELDS)
