"""The floor: the fewest requests that can do the job, with httpx and without understanding anything that comes back.

Shape   `python -P bench/floor.py WHAT JSON`; imports what it needs and no more, as its start is part of it
        typer     imports typer
        base      imports typer and httpx and opens the database {"db"}
        noop      one sync-collection per server {"urls", "tokens"}, one scan per folder {"folders"}
        pull      lists {"url"}, gets every body in multigets of 80, side by side; writes them to {"folder"}
        push      puts every file of {"folder"} to {"url"}, side by side, and reads them back in multigets
        copy      lists {"url"}, gets every body, puts it to {"to"} and reads it back
        change    asks both {"urls"} with {"tokens"} what is new, gets it, puts it to the other one and reads it back
        batches   posts {"bodies"} to {"url"}, {"side"} at a time
Fair    as many connections as calsync has, 8; what it writes to a folder is on the disk when it ends
"""

import sys

SIDE, BATCH = 8, 80
SYNC = (
    '<?xml version="1.0"?><sync-collection xmlns="DAV:"><sync-token>{}</sync-token><sync-level>1</sync-level>'
    "<prop><getetag/></prop></sync-collection>"
)
GET = (
    '<?xml version="1.0"?><C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    "<prop><getetag/><C:calendar-data/></prop>{}</C:calendar-multiget>"
)


def main() -> None:
    what = sys.argv[1]
    if what == "typer":
        import typer  # noqa: F401
        return
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # its command line, which nobody needs
    if what == "base":
        base(sys.argv[2])
        return
    work(what, sys.argv[2])


def base(given: str) -> None:
    import json
    import sqlite3

    import httpx  # noqa: F401
    import typer  # noqa: F401

    sqlite3.connect(json.loads(given)["db"]).execute("SELECT count(*) FROM calendar").fetchone()


def work(what: str, given_in: str) -> None:
    import json
    import os
    import re
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    import httpx

    given = json.loads(Path(given_in).read_bytes())
    limits = httpx.Limits(max_connections=SIDE, max_keepalive_connections=SIDE)
    client = httpx.Client(limits=limits, timeout=120, trust_env=False, auth=("me", "any"))
    href = re.compile(rb"<(?:\w+:)?href[^>]*>([^<]+)</")
    data = re.compile(rb"<(?:\w+:)?calendar-data[^>]*>([^<]+)</")

    def path_of(url: str) -> str:
        return "/" + url.split("/", 3)[3]

    def asked(url: str, body: str, depth: str) -> bytes:
        headers = {"Depth": depth, "Content-Type": "text/xml"}
        answer = client.request("REPORT", url, content=body.encode(), headers=headers)
        assert answer.status_code == 207, answer.text[:300]
        return answer.content

    def listed(url: str, token: str = "") -> list[str]:
        found = [name.decode() for name in href.findall(asked(url, SYNC.format(token), "0"))]
        return [name for name in found if name != path_of(url)]

    def bodies(url: str, names: list[str]) -> list[bytes]:
        parts = [names[at : at + BATCH] for at in range(0, len(names), BATCH)]
        tags = ["".join(f"<href>{name}</href>" for name in part) for part in parts]
        answers = crew.map(lambda part: asked(url, GET.format(part), "1"), tags)
        found = [body for answer in answers for body in data.findall(answer)]
        return [body.replace(b"&lt;", b"<").replace(b"&gt;", b">").replace(b"&amp;", b"&") for body in found]

    def put(url: str, body: bytes) -> None:
        answer = client.put(url, content=body, headers={"Content-Type": "text/calendar"})
        assert answer.status_code in (201, 204), answer.status_code

    def put_all(to: str, names: list[str], found: list[bytes]) -> None:
        urls = [to + name.rpartition("/")[2] for name in names]
        list(crew.map(put, urls, found))
        bodies(to, [path_of(url) for url in urls])

    def noop() -> None:
        news = list(crew.map(listed, given["urls"], given["tokens"]))
        assert not any(news), news[0][:3]
        for folder in given.get("folders", ()):
            for entry in os.scandir(folder):
                entry.stat()

    def pull() -> None:
        for number, body in enumerate(bodies(given["url"], listed(given["url"]))):
            Path(given["folder"], f"{number:06}.ics").write_bytes(body)
        os.sync()

    def push() -> None:
        files = [file for file in Path(given["folder"]).iterdir() if file.suffix == ".ics"]
        put_all(given["url"], [file.name for file in files], [file.read_bytes() for file in files])

    def copy() -> None:
        names = listed(given["url"])
        put_all(given["to"], names, bodies(given["url"], names))

    def change() -> None:
        one, two = given["urls"]
        news = list(crew.map(listed, (one, two), given["tokens"]))
        for names, url, other in zip(news, (one, two), (two, one), strict=True):
            if names:
                put_all(other, names, bodies(url, names))

    def batches() -> None:
        with ThreadPoolExecutor(given["side"]) as side:
            web = httpx.Client(limits=limits, timeout=120, trust_env=False, verify=given.get("ca_file") or True)
            calls = [(body.encode(), given["headers"]) for body in given["bodies"]]
            answers = list(side.map(lambda call: web.post(given["url"], content=call[0], headers=call[1]), calls))
            assert {answer.status_code for answer in answers} == {200}, answers

    jobs = {"noop": noop, "pull": pull, "push": push, "copy": copy, "change": change, "batches": batches}
    with ThreadPoolExecutor(SIDE) as crew:
        jobs[what]()


if __name__ == "__main__":
    main()
