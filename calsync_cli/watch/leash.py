"""Runs a program that must not outlive whoever started it: `python leash.py program words...`.

The standard input is a pipe whose other end the starter holds. When that ends, in whatever way, the pipe ends, and so
does the program. Run as a file of its own, so it imports nothing of the package and starts at once.
"""

import os
import signal
import subprocess
import sys
import threading

PATIENCE_S = 5.0


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all; the starter ends us in its time
    try:
        program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    except OSError as err:
        print(f"{sys.argv[1]} cannot be run: {err.strerror}", flush=True)
        return 127

    def hold() -> None:
        while os.read(0, 4096):  # not by sys.stdin, whose lock must not be held when the interpreter ends
            pass
        program.terminate()
        try:
            program.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            program.kill()

    threading.Thread(target=hold, daemon=True).start()
    return program.wait()


if __name__ == "__main__":
    sys.exit(main())
