"""python -m tests.corpus DIR          what calsync says of the .ics files in a folder: refused, refused edits, remarks
python -m tests.corpus --write DIR  the project's own objects as files, for other programs
python -m tests.corpus --full       C3 and C4 whole: more than a million instants, 10,000 rules
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from calsync_cli.errors import MappingError
from tests.corpus import ALL, Refused
from tests.corpus.laws import Broken, check
from tests.corpus.split import objects


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in ALL.items():
        (folder / f"{name}.ics").write_bytes(made.payload if isinstance(made, Refused) else made)
    print(f"{len(ALL)} files in {folder}")


def look(folder: Path) -> int:
    count: Counter[str] = Counter()
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".ics", ".ical", ".ifb")):
        for number, payload in enumerate(objects(path.read_bytes()), 1):
            where = f"{path.relative_to(folder)} {number}"
            count["objects"] += 1
            try:
                listed = check(payload)
            except MappingError as err:
                count["refused"] += 1
                print(f"{where}: refused: {err}")
                continue
            except Broken as err:
                count["BROKEN"] += 1
                print(f"{where}: BROKEN: {err}")
                continue
            for said in (*(f"{what} not edited: {why}" for what, why in listed.edits.items()), *listed.remarks):
                print(f"{where}: {said}")
    print(", ".join(f"{number} {word}" for word, number in count.items()))
    return 1 if count["BROKEN"] else 0


def main(args: list[str]) -> int:
    match args:
        case ["--write", folder]:
            write(Path(folder))
            return 0
        case ["--full"]:
            from tests.corpus import full

            return full.main()
        case [folder] if not folder.startswith("-"):
            return look(Path(folder))
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
