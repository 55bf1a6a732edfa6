"""python -m tests.emulators.graph [--port P] [--auto-consent] [--lag S] [--page N]
        [--fault NAME=P ...] [--knob NAME=VALUE ...] [--cruel] [--user ADDRESS ...]

Prints one JSON line with graph_url, authority, ca_file, control_url and client_id, then serves until it is stopped.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import fields

from tests.emulators.graph.app import ANN
from tests.emulators.graph.faults import fault
from tests.emulators.graph.identity import CONSUMERS
from tests.emulators.graph.knobs import CRUEL, Knobs
from tests.emulators.graph.running import graph_emulator
from tests.emulators.graph.world import User


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.graph")
    parser.add_argument("--port", type=int, default=0, help="of Graph; the authority and the control port follow it")
    parser.add_argument(
        "--auto-consent", action="store_true", help="the sign-in page and device codes accept by themselves"
    )
    parser.add_argument("--lag", type=float, default=0.0, metavar="S", help="seconds until a change shows in a delta")
    parser.add_argument("--page", type=int, default=0, metavar="N", help="no page is longer")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=P", help="hits each request with that chance"
    )
    parser.add_argument("--knob", action="append", default=[], metavar="NAME=VALUE", help="see knobs.py")
    parser.add_argument("--cruel", action="store_true", help="all that is legal and unpleasant")
    parser.add_argument(
        "--user", action="append", default=[], metavar="ADDRESS", help="a mailbox; personal:ADDRESS for outlook.com"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    knobs = Knobs()
    knobs.change(CRUEL if given.cruel else {})
    knobs.change(dict(_knob(text) for text in given.knob))
    faults = [
        fault(name, chance=float(chance or 1), times=0)
        for name, _, chance in (text.partition("=") for text in given.fault)
    ]
    users = [_user(text, place) for place, text in enumerate(given.user)] or [ANN]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with graph_emulator(port=given.port, auto_consent=given.auto_consent, lag=given.lag, page=given.page, faults=faults,
                        knobs=knobs, users=users, seed=given.seed, check=False) as running:
        sys.stdout.write(json.dumps(running.addresses()) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def _knob(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    kind = next((type(getattr(Knobs(), f.name)) for f in fields(Knobs) if f.name == name), str)
    if kind is bool:
        return name, value.lower() in ("1", "true", "on", "yes")
    return name, tuple(value.split(",")) if kind is tuple else value


def _user(text: str, place: int) -> User:
    address = text.removeprefix("personal:")
    personal = text != address
    oid = (
        f"00000000-0000-0000-{place + 1:04d}-0123456789ab" if personal else f"11111111-aaaa-4aaa-8aaa-{place + 1:012d}"
    )
    return User(address, address.partition("@")[0].title(), oid, CONSUMERS if personal else ANN.tid, personal)


if __name__ == "__main__":
    raise SystemExit(main())
