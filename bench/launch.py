"""Runs one command and says what it took: `python -I -S bench/launch.py COMMAND...` in the environment it is given.

Shape   one JSON line: {"code", "wall_s", "cpu_s", "rss_mib", "out", "err"}
Small   by itself, since Linux counts what a process had before it became the program it was started for
"""

import json
import os
import sys
import tempfile
import time


def main() -> None:
    command = sys.argv[1:]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        nothing = os.open(os.devnull, os.O_RDONLY)
        streams = ((nothing, 0), (out.fileno(), 1), (err.fileno(), 2))
        files = [(os.POSIX_SPAWN_DUP2, file, number) for file, number in streams]
        began = time.perf_counter()
        child = os.posix_spawn(command[0], command, os.environ, file_actions=files)
        _, status, used = os.wait4(child, 0)
        took = time.perf_counter() - began
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode(errors="replace"))
    print(json.dumps({
        "code": os.waitstatus_to_exitcode(status), "wall_s": took, "cpu_s": used.ru_utime + used.ru_stime,
        "rss_mib": used.ru_maxrss / 1024, "out": said[0], "err": said[1],
    }))


if __name__ == "__main__":
    main()
