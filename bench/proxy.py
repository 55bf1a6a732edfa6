"""A wire between client and server of this machine that counts requests and takes its time: `python -m bench.proxy`.

Shape   one JSON line in, one out: {"open": PORT, "delay_ms": 50} -> {"port": N}; {"count": N} -> {"requests": n,
        "by": {method: n}} since the last time it was asked (of a TLS wire it knows only that there was traffic)
Delay   a line, not a pause: every byte from the client arrives `delay_ms` later, however many connections and requests
        there are; a new connection takes one more of it, as its handshake would
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

CHUNK = 262_144


class Requests:
    """Finds the requests in what one connection's client says (HTTP/1.1, bodies with a length)."""

    def __init__(self, found: Callable[[str], None]) -> None:
        self._found = found
        self._head = b""
        self._body = 0

    def feed(self, data: bytes) -> None:
        while data:
            if self._body:
                taken = min(self._body, len(data))
                self._body -= taken
                data = data[taken:]
                continue
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            self._found(head.partition(b" ")[0].decode("latin-1"))
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self._body = int(lengths[0].partition(b":")[2]) if lengths else 0


class Wire:
    def __init__(self, upstream: int, delay_s: float) -> None:
        self.upstream, self.delay_s = upstream, delay_s
        self.seen: Counter[str] = Counter()

    def note(self, method: str) -> None:
        self.seen[method] += 1

    async def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        came = asyncio.get_running_loop().time()
        try:
            server, requests = await asyncio.open_connection("127.0.0.1", self.upstream, limit=CHUNK)
        except OSError:
            answers.close()
            return
        tasks = [
            asyncio.create_task(self._later(client, requests, came)),
            asyncio.create_task(_at_once(server, answers)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the end of the suite
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # whoever hung up is no news
            for stream in (requests, answers):
                stream.close()

    async def _later(self, client: asyncio.StreamReader, requests: asyncio.StreamWriter, came: float) -> None:
        loop = asyncio.get_running_loop()
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        counter = Requests(self.note)

        async def arrive() -> None:
            while True:
                due, data = await line.get()
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                if not data:
                    if requests.can_write_eof():
                        requests.write_eof()
                    return
                requests.write(data)
                await requests.drain()

        arriving = asyncio.create_task(arrive())
        try:
            while True:
                data = await client.read(CHUNK)
                counter.feed(data)
                line.put_nowait((max(loop.time(), came + self.delay_s) + self.delay_s, data))
                if not data:
                    break
            await arriving
        finally:
            arriving.cancel()


async def _at_once(server: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
    while data := await server.read(CHUNK):
        answers.write(data)
        await answers.drain()


async def told(handle: Callable[[dict[str, Any]], Any]) -> None:
    """Answers each JSON line of standard input with one line, until there are no more."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer = handle(json.loads(line))
        print(json.dumps(await answer if asyncio.iscoroutine(answer) else answer), flush=True)


async def main() -> None:
    wires: dict[int, Wire] = {}

    async def handle(wanted: dict[str, Any]) -> dict[str, Any]:
        if "open" in wanted:
            wire = Wire(wanted["open"], wanted.get("delay_ms", 0) / 1000)
            server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, limit=CHUNK, backlog=256)
            port = server.sockets[0].getsockname()[1]
            wires[port] = wire
            return {"port": port}
        wire = wires[wanted["count"]]
        found, wire.seen = wire.seen, Counter()
        return {"requests": found.total(), "by": dict(found)}

    await told(handle)


if __name__ == "__main__":
    asyncio.run(main())
