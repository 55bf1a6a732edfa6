"""`python -m tests.emulators.google` prints one JSON line with its addresses and serves until it is stopped.

    --port P            a fixed port                      --auto-consent    the authorization page agrees at once
    --lag S             lists show a write S seconds late --page N          pages of at most N items
    --fault NAME=P      probability P for every request   --mode NAME=VALUE see modes.py
    --quota N           requests a minute and user        --rotate          refresh tokens change with every use
    --account EMAIL     instead of me@example.test, may be repeated
    --calendar NAME     one more calendar of the first account, may be repeated
    --seed N            everything random                 --testing         refresh tokens live for seven days
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading

from tests.emulators.google.emulator import ME, google_emulator
from tests.emulators.oauth_tokens import DAY_S, Policy


def main() -> None:
    options = _parser().parse_args()
    policy = Policy(rotates=options.rotate, refresh_life_s=7 * DAY_S if options.testing else None)
    modes = {name: json.loads(value) if value in ("true", "false") else value for name, value in options.mode}
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with google_emulator(
        port=options.port, seed=options.seed, accounts=options.account or [ME], auto_consent=options.auto_consent,
        page=options.page, lag_s=options.lag, quota_per_minute=options.quota, policy=policy, modes=modes,
    ) as emulator:
        made = [emulator.world.add_calendar(emulator.me, name).id for name in options.calendar]
        for name, probability in options.fault:
            emulator.faults.arm(name, times=None, probability=float(probability))
        told = {
            "api_url": emulator.api_url, "auth_url": emulator.auth_url, "token_url": emulator.token_url,
            "control_url": emulator.control_url, "client_file": str(emulator.client_file),
            "revoke_url": emulator.revoke_url, "pid": os.getpid(), "calendars": [*(options.account or [ME]), *made],
        }
        print(json.dumps(told), flush=True)
        stopped.wait()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("NAME=VALUE is expected")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.google", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--auto-consent", action="store_true")
    parser.add_argument("--lag", type=float, default=0.0, metavar="S")
    parser.add_argument("--page", type=int, metavar="N")
    parser.add_argument("--fault", type=_pair, action="append", default=[], metavar="NAME=P")
    parser.add_argument("--mode", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--quota", type=int, metavar="N")
    parser.add_argument("--rotate", action="store_true")
    parser.add_argument("--testing", action="store_true")
    parser.add_argument("--account", action="append", metavar="EMAIL")
    parser.add_argument("--calendar", action="append", default=[], metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
