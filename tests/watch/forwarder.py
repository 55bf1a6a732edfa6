"""A tunnel program as users have them: prints an address, and what is sent there goes on to a port of this machine.

Run     `python forwarder.py PORT [FILE]`; its process id is written to the file. Real sockets, a real process; what it
        does not do is leave this machine
"""

import contextlib
import os
import socket
import sys
import threading
from pathlib import Path


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def main() -> None:
    port = int(sys.argv[1])
    for file in sys.argv[2:]:
        Path(file).write_text(f"{os.getpid()}\n")
    with socket.create_server(("127.0.0.1", 0)) as door:
        print("INF Requesting new quick Tunnel on forwarder.example... https://api.forwarder.example", flush=True)
        print(f"INF |  http://127.0.0.1:{door.getsockname()[1]}  |", flush=True)
        while True:
            inside, _ = door.accept()
            try:
                outside = socket.create_connection(("127.0.0.1", port), 5)
            except OSError:
                inside.close()
                continue
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=pump, args=pair, daemon=True).start()


if __name__ == "__main__":
    main()
