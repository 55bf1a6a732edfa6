"""A mail server that delivers nothing and remembers everything (RFC 5321, as much of it as a program that sends needs).

Shape   `with smtp_sink() as sink:` gives .port and .messages, each (recipients, text)
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpSink

    def handle(self) -> None:
        self._say("220 sink")
        recipients: list[str] = []
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0].lower())
            elif verb == "DATA":
                self._say("354 go on")
                self.server.messages.append((tuple(recipients), self._text()))
                recipients = []
            self._say("221 bye" if verb == "QUIT" else "250 sink")
            if verb == "QUIT":
                return

    def _text(self) -> str:
        lines = iter(lambda: self.rfile.readline().decode(errors="replace").rstrip("\r\n"), ".")
        return "\n".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class SmtpSink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port = int(self.server_address[1])
        self.messages: list[tuple[tuple[str, ...], str]] = []


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        threading.Thread(target=sink.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield sink
        finally:
            sink.shutdown()
