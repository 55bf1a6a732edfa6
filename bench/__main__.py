"""Measures calsync against vdirsyncer and against the floor: `python -m bench [--quick] [--only CASE ...]`.

Needs   Python 3.11 or newer and what pip can reach; environments of its own are made under the cache folder
Writes  a table to standard output; results.json and picture.svg to --out
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from bench.bed import Bed
from bench.cases import CASES
from bench.draw import picture
from bench.environment import cache_folder, ready
from bench.results import Row, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small calendars, few runs: does everything work?")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--out", type=Path, default=None, help="where results.json and picture.svg go")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where environments are kept")
    given = parser.parse_args()
    environment = ready(given.cache.absolute())
    rows: list[Row] = []
    began = time.monotonic()
    for name in given.only:
        with Bed(environment) as bed:
            for row in CASES[name](bed, given.quick):
                rows.append(row)
                print(table([row]), flush=True)
    minutes = (time.monotonic() - began) / 60
    missed = sum(verdict.startswith("MISS") for row in rows for verdict in row.verdicts())
    print(f"{len(rows)} rows, {missed} targets missed, {minutes:.1f} minutes, load {os.getloadavg()[0]:.1f}")
    out = given.out or given.cache
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps([row.json() for row in rows], indent=1) + "\n")
    (out / "picture.svg").write_text(picture(rows))
    print(f"{out / 'results.json'}, {out / 'picture.svg'}", file=sys.stderr)


if __name__ == "__main__":
    main()
