"""An emulator of Google or Microsoft with somebody signed in: `python -m bench.cloud google FOLDER`.

Shape   the first line says {"url", "config", "state"}: the API's address, and a configuration with a pair `p` between
        the service's own calendar and the folder disk/Home, signed in; {"cpu": 1} -> {"cpu_s"} of the emulator so far
Delay   Microsoft's answers name the API's address, so no wire can stand before it: its emulator waits by itself
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.process import google, graph

SERVICES = {"google": google, "graph": graph}
OPTIONS = {"google": (), "graph": ("--knob", "latency_s=0.05")}
NAMES = {"google": ("api_url", "work/primary"), "graph": ("graph_url", "work/Calendar")}


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children() -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid():
            found.append(int(stat.parent.name))
    return found


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    module = SERVICES[kind]
    key, calendar = NAMES[kind]
    with module.service(*OPTIONS[kind]) as running:
        person = module.Person(folder)
        if kind == "google":
            person.google("work", running)
        else:
            person.microsoft("work", running)
        person.vdir("disk")
        person.pair(calendar, "disk/Home", "p")
        person.run("status")  # writes the configuration
        told = {"url": running.told[key], "config": str(person.config), "state": str(person.state)}
        print(json.dumps(told), flush=True)
        for _ in sys.stdin:
            print(json.dumps({"cpu_s": sum(map(cpu_s, children()))}), flush=True)


if __name__ == "__main__":
    main()
