"""The project's own corpus: iCalendar objects, each named for what is odd about it (test-plan section 7).

OBJECTS    name -> bytes, what calsync can read
REFUSED    name -> Refused, what it must leave alone and say why
"""

from __future__ import annotations

from tests.corpus.dialects import DIALECTS
from tests.corpus.encodings import ENCODINGS
from tests.corpus.odd import Object, Refused
from tests.corpus.people import ALARMS, ATTACHED, PEOPLE
from tests.corpus.repeating import REPEATING
from tests.corpus.structure import STRUCTURE
from tests.corpus.times import TIMES
from tests.corpus.words import UIDS, WORDS, X_LINES
from tests.corpus.zones import ZONES

TABLES = (ENCODINGS, TIMES, ZONES, REPEATING, PEOPLE, ALARMS, ATTACHED, WORDS, UIDS, X_LINES, STRUCTURE, DIALECTS)
ALL: dict[str, Object] = {name: made for table in TABLES for name, made in table.items()}
OBJECTS: dict[str, bytes] = {name: made for name, made in ALL.items() if isinstance(made, bytes)}
REFUSED: dict[str, Refused] = {name: made for name, made in ALL.items() if isinstance(made, Refused)}
