"""`python -m tests.storage`: every loop of storage faults (test-plan L6), with figures. Exit code 1 for a violation."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.storage import faults, torn


def main() -> int:
    began = time.monotonic()
    commits, states, kinds = torn.loop()
    print(f"power cuts: {commits} commits of {len(kinds)} kinds, {states:,} disk states, each as before or after",
          flush=True)
    reason = faults.why_not()
    if reason:
        print(f"failing file operations: left out, {reason}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        code, _ = faults.run(Path(folder), *sys.argv[1:], quiet=False)
    print(f"{time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
