"""Radicale or Xandikos in a folder of its own: `python -m bench.real radicale`.

Shape   the first line says {"port", "home", "user"}; {"make": NAME} -> {"path"}; {"token": PATH} -> {"token"}
"""

from __future__ import annotations

import json
import re
import sys

from tests.fakes.servers import Server, radicale, xandikos

SYNC = '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
SERVERS = {"radicale": radicale, "xandikos": xandikos}


def token_of(server: Server, path: str) -> str:
    answer = server.raw("REPORT", path, SYNC.encode(), {"Depth": "0", "Content-Type": "text/xml"})
    found = re.search(r"<(?:\w+:)?sync-token[^>]*>([^<]+)<", answer.text)
    assert found is not None, answer.text[:500]
    return found[1]


def main() -> None:
    with SERVERS[sys.argv[1]]() as server:
        print(json.dumps({"port": server.port, "home": server.home, "user": server.user}), flush=True)
        for line in sys.stdin:
            wanted = json.loads(line)
            if "make" in wanted:
                answer = {"path": server.make_calendar(wanted["make"])}
            else:
                answer = {"token": token_of(server, wanted["token"])}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
