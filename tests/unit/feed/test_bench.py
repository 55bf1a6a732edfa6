"""The events of bench/made.py are events, each of its own and the same each time."""

from __future__ import annotations

from bench.made import events, feed
from calsync_cli.mapping.feed.names import entries_of
from calsync_cli.mapping.feed.split import split
from calsync_cli.mapping.feed.text import lines_of
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.series import without_fields


def test_what_is_measured_is_read_whole() -> None:
    entries = entries_of(split(lines_of(feed(30))), "bench")
    alone = {reading.uid: dict(reading.form) for reading in map(ICAL.read, events(30).values())}
    assert len(entries) == 30 and feed(30) == feed(30) and set(alone) == set(entries)
    for name, entry in entries.items():
        reading = ICAL.read(entry.payload())
        assert not reading.losses
        assert without_fields(reading.form, {"reminders"}) == without_fields(alone[name], {"reminders"})
