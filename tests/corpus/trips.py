"""C2 without servers: an event set through the words of another kind of calendar and back (test-plan section 7).

Shape   `check(payload)` -> Trip: what the other kinds hold for a person, with the reason; raises Broken for a difference
        that no table of losses declares. Declared is what a copy never has (guests, organizer) and "" of the tables: a
        cancelled date of an event that does not repeat
Judge   what comes back is looked at as calendar files by icalendar and recurring_ical_events (tests/process/comparer)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import icalendar
import recurring_ical_events

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.google.address import addressed
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model import recur
from calsync_cli.model.series import LOCAL_FIELDS, Form, form_span, without_fields
from calsync_cli.model.times import wall
from tests.corpus.laws import Broken

HOME = Place("", "Europe/Berlin")
KINDS: Mapping[str, Callable[[str, Form], bytes]] = {
    "google": lambda uid, form: GOOGLE.make(uid, form, "m"),
    "graph": lambda uid, form: GRAPH.make(uid, form, "m", HOME),
    "ical": lambda uid, form: ICAL.make(uid, form, "m"),
}
READ: Mapping[str, Any] = {"google": GOOGLE, "graph": GRAPH, "ical": ICAL}
