"""Microsoft Graph calendars with their sign-in, emulated: stateful, honest, and as cruel as it is told to be.

Shape   with graph_emulator(page=2, faults=[...], zone_names="echo") as g: g.graph_url, g.authority, g.ca_file, ...
        `python -m tests.emulators.graph` serves the same until stopped
Facts   the checklists L16 and A9 of the sheets; each point has a test in tests/emulators/test_graph_emulator.py
"""

from __future__ import annotations

from tests.emulators.graph.app import ANN, CLIENT_ID, TENANT, Emulator
from tests.emulators.graph.faults import fault
from tests.emulators.graph.identity import CONSUMERS
from tests.emulators.graph.knobs import CRUEL, Fault, Knobs, cruel
from tests.emulators.graph.running import Running, graph_emulator
from tests.emulators.graph.world import User

__all__ = [
    "ANN",
    "CLIENT_ID",
    "CONSUMERS",
    "CRUEL",
    "TENANT",
    "Emulator",
    "Fault",
    "Knobs",
    "Running",
    "User",
    "cruel",
    "fault",
    "graph_emulator",
]
