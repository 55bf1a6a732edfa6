"""The cases: what is measured, side by side, and against what. One function a case; each gives rows of the table."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench import made
from bench.bed import Bed, Calsync, Measure, Vdirsyncer
from bench.results import FLOOR, OURS, PEER, Row, Target


@dataclass(frozen=True)
class Runner:
    """prepare: what has to be so before each run; wires: whose requests are counted."""

    command: Callable[[], Sequence[str]]
    prepare: Callable[[], None] = lambda: None
    wires: Sequence[int] = ()


def interleaved(bed: Bed, times: int, runners: Mapping[str, Runner]) -> dict[str, list[Measure]]:
    """In turn, and in another order each time: whatever else the machine does hits all alike."""
    found: dict[str, list[Measure]] = {name: [] for name in runners}
    names = list(runners)
    for turn in range(times):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            runner = runners[name]
            runner.prepare()
            found[name].append(bed.run(runner.command(), wires=runner.wires))
    return found


def runs_for(size: int, quick: bool) -> int:
    return 2 if quick else (7 if size <= 1_000 else 5)


# -- start -------------------------------------------------------------------------------------------------------------


def start(bed: Bed, quick: bool) -> Iterator[Row]:
    times = 5 if quick else 21
    version = [bed.environment.calsync, "--version"]
    series = interleaved(bed, times, {
        OURS: Runner(lambda: version), FLOOR: Runner(lambda: bed.floor("typer", {})),
    })
    yield Row("start", "calsync --version, against a script that imports typer", series, [Target(FLOOR, most=1.2)])
    ours, _, _ = _dav_pair(bed, "start", 100, 0)
    series = interleaved(bed, times, {
        OURS: Runner(lambda: ours.sync),
        FLOOR: Runner(lambda: bed.floor("base", {"db": str(ours.state / "calsync.db")})),
    })
    what = "a sync with nothing to do, against a script that imports typer and httpx and opens the database"
    yield Row("start", what, series, [Target(FLOOR, most=1.25)])


# -- nothing to do -----------------------------------------------------------------------------------------------------


def noop(bed: Bed, quick: bool) -> Iterator[Row]:
    for size in (1_000,) if quick else (1_000, 10_000):
        least = 1.5 if size == 1_000 else 4.0
        for delay in (0, 50):
            targets = [Target(FLOOR, most=1.35)] if delay == 0 else []
            targets += [Target(PEER, least=least), Target("requests a calendar", most=1, unit="")]
            for kind in ("dav", "vdir"):
                yield _noop(bed, kind, size, delay, targets, runs_for(size, quick) + 2)


def _noop(bed: Bed, kind: str, size: int, delay: int, targets: list[Target], times: int) -> Row:
    name = f"noop-{kind}-{size}-{delay}"
    if kind == "dav":
        ours, urls, tokens = _dav_pair(bed, name, size, delay)
        theirs = Vdirsyncer(bed)
        for side in "ab":
            bed.dav.ask({"make": f"{name}-peer-{side}", "events": size})
            theirs.dav(side, _url(bed, f"{name}-peer-{side}", 0))
        folder: list[str] = []
    else:
        ours, urls, tokens, path = _vdir_pair(bed, name, size, delay)
        theirs = Vdirsyncer(bed)
        theirs.vdir("a")
        theirs.dav("b", urls[0])
        folder = [str(path)]
    wire = bed.wire(bed.dav.told["port"], delay)
    theirs.discover()
    bed.run(theirs.sync)
    slow = _again(theirs, wire, bed)
    given = {"urls": urls, "tokens": tokens, "folders": folder}
    series = interleaved(bed, times, {
        OURS: Runner(lambda: ours.sync, wires=[wire]),
        FLOOR: Runner(lambda: bed.floor("noop", given), wires=[wire]),
        PEER: Runner(slow, wires=[wire]),
    })
    side = "CalDAV <-> CalDAV" if kind == "dav" else "folder <-> CalDAV"
    asked = max(one.requests or 0 for one in series[OURS]) / len(urls)
    what = f"nothing to do, {side}, {size:,} events, {delay} ms"
    return Row("noop", what, series, targets, {"requests a calendar": asked})


def large(bed: Bed, quick: bool) -> Iterator[Row]:
    """Of one large calendar: a run with nothing to do, against a small one; and a plan when 1 % changed."""
    sizes = (100, 2_000) if quick else (100, 50_000)
    pairs = {size: _dav_pair(bed, f"large-{size}", size, 0)[0] for size in sizes}
    series = interleaved(bed, 5 if quick else 15, {
        f"{size} events": Runner(lambda ours=pairs[size]: ours.sync) for size in sizes  # type: ignore[misc]
    })
    small, big = (median(one.cpu_s for one in found) for found in series.values())
    what = f"CPU of a run with nothing to do at {sizes[1]:,} events, against {sizes[0]}; CalDAV <-> CalDAV"
    yield Row("large", what, series, [Target("CPU", most=1.2)], {"CPU": big / small})
    bed.dav.ask({"edit": f"large-{sizes[1]}-a", "share": 0.01})
    planning = pairs[sizes[1]].command("sync", "--dry-run", "-q")
    series = interleaved(bed, 2 if quick else 5, {OURS: Runner(lambda: planning)})
    numbers = {"seconds": median(one.wall_s for one in series[OURS]), "peak": series[OURS][0].rss_mib}
    targets = [Target("seconds", most=2, unit=" s"), Target("peak", most=200, unit=" MiB")]
    what = f"sync --dry-run of {sizes[1]:,} linked events, 1 % changed: start, request, reading and plan"
    yield Row("large", what, series, targets, numbers)


# -- first sync --------------------------------------------------------------------------------------------------------


def pull(bed: Bed, quick: bool) -> Iterator[Row]:
    for size in (200,) if quick else (1_000, 10_000):
        name = f"pull-{size}"
        bed.dav.ask({"make": name, "events": size})
        wire = bed.wire(bed.dav.told["port"], 50)
        runners = {OURS: _pulling(bed, name, wire), FLOOR: _pulling_floor(bed, name, wire)}
        if size <= 1_000:
            runners[PEER] = _pulling_peer(bed, name, wire)
        series = interleaved(bed, 2 if quick else 3, runners)
        yield Row("pull", f"first pull into an empty folder, {size:,} events, 50 ms", series, [Target(FLOOR, most=1.3)])


def push(bed: Bed, quick: bool) -> Iterator[Row]:
    for size in (200,) if quick else (1_000, 10_000):
        wire = bed.wire(bed.dav.told["port"], 50)
        name, folder = f"push-{size}", bed.new("source")
        _fill(folder, size)

        def empty(name: str = name) -> None:
            bed.dav.ask({"make": name, "events": 0})

        runners = {
            OURS: _pushing(bed, name, folder, empty, wire),
            FLOOR: Runner(
                lambda n=name, f=folder: bed.floor("push", {"url": _url(bed, n, 50), "folder": str(f)}),  # type: ignore[misc]
                empty, [wire],
            ),
        }
        series = interleaved(bed, 2 if quick else 3, runners)
        if size <= 1_000:
            series |= interleaved(bed, 1, {PEER: _pushing_peer(bed, name, folder, empty, wire)})
        targets = [Target(FLOOR, most=1.3), Target(PEER, least=5.0)]
        yield Row("push", f"first push from a folder, {size:,} events, 50 ms", series, targets)


def copy(bed: Bed, quick: bool) -> Iterator[Row]:
    peaks: dict[int, float] = {}
    for size in (500,) if quick else (1_000, 10_000):
        source, target = f"copy-{size}-a", f"copy-{size}-b"
        bed.dav.ask({"make": source, "events": size})
        wire = bed.wire(bed.dav.told["port"], 0)

        def empty(target: str = target) -> None:
            bed.dav.ask({"make": target, "events": 0})

        def ours(source: str = source, target: str = target) -> Sequence[str]:
            return _copying(bed, source, target, 0).sync

        given = {"url": _url(bed, source, 0), "to": _url(bed, target, 0)}
        series = interleaved(bed, 2 if quick else 3, {
            OURS: Runner(ours, empty, [wire]),
            FLOOR: Runner(lambda given=given: bed.floor("copy", given), empty, [wire]),  # type: ignore[misc]
        })
        assert bed.dav.ask({"look": target})["events"] == size
        peaks[size] = median(one.rss_mib for one in series[OURS])
        targets = [Target(FLOOR, most=1.3), Target("peak", most=150, unit=" MiB")]
        numbers = {"peak": peaks[size]}
        if len(peaks) > 1:
            few, many = peaks
            numbers["growth of memory"] = peaks[many] / peaks[few] / (many / few)
            targets.append(Target("growth of memory", most=1.0, unit=" of linear"))
        yield Row("copy", f"first sync server to server, {size:,} events, 0 ms", series, targets, numbers)


# -- some changed ------------------------------------------------------------------------------------------------------


def change(bed: Bed, quick: bool) -> Iterator[Row]:
    for size in (1_000,) if quick else (1_000, 10_000):
        for delay in (0, 50):
            for sides in (1, 2):
                yield _change(bed, size, delay, sides, 2 if quick else 5)


def _change(bed: Bed, size: int, delay: int, sides: int, times: int) -> Row:
    """Both programs have a pair of calendars of their own; before each run servers and state are as after the first
    sync, and then one or two people edit."""
    port, turn = bed.dav.told["port"], [0]
    wire = bed.wire(port, delay)
    name = f"change-{size}-{delay}-{sides}"
    ours, _, _ = _dav_pair(bed, name, size, 0)
    _move(ours, port_from=bed.wire(port, 0), port_to=wire)
    _save(bed, ours, name)
    peer = f"{name}-peer"
    theirs = Vdirsyncer(bed)
    for side in "ab":
        bed.dav.ask({"make": f"{peer}-{side}", "events": size})
        theirs.dav(side, _url(bed, f"{peer}-{side}", delay))
    theirs.discover()
    bed.run(theirs.sync)
    saved = [bed.dav.ask({"save": f"{peer}-{side}"})["token"] for side in "ab"]
    kept = bed.new("kept") / "status"
    shutil.copytree(theirs.state, kept)

    def edit(place: str) -> None:
        turn[0] += 1
        bed.dav.ask({"edit": f"{place}-a", "share": 0.01, "first": 0, "version": turn[0]})
        if sides == 2:
            bed.dav.ask({"edit": f"{place}-b", "share": 0.01, "first": 50, "version": turn[0]})

    def before_ours() -> None:
        _load(bed, ours, name)
        edit(name)

    def before_floor() -> None:
        for side in "ab":
            bed.dav.ask({"load": f"{peer}-{side}"})
        edit(peer)

    def before_theirs() -> None:
        shutil.rmtree(theirs.state)
        shutil.copytree(kept, theirs.state)
        before_floor()

    given = {"urls": [_url(bed, f"{peer}-{side}", delay) for side in "ab"], "tokens": saved}
    series = interleaved(bed, times, {
        OURS: Runner(lambda: ours.sync, before_ours, [wire]),
        FLOOR: Runner(lambda: bed.floor("change", given), before_floor, [wire]),
        PEER: Runner(lambda: theirs.sync, before_theirs, [wire]),
    })
    where = "one side" if sides == 1 else "both sides"
    targets = [Target(FLOOR, most=1.5), Target(PEER, least=1.5 if size == 1_000 else 4.0)]
    return Row("change", f"1 % changed on {where}, CalDAV <-> CalDAV, {size:,} events, {delay} ms", series, targets)


# -- real servers ------------------------------------------------------------------------------------------------------


def servers(bed: Bed, quick: bool) -> Iterator[Row]:
    size = 100 if quick else 1_000
    for kind in ("radicale", "xandikos"):
        server = bed.helper("-m", "bench.real", kind)
        try:
            yield from _real(bed, kind, server.told, server.ask, size)
        finally:
            server.close()


def _real(
    bed: Bed, kind: str, told: Mapping[str, str | int], ask: Callable[[Mapping[str, str]], Mapping[str, str]], size: int
) -> Iterator[Row]:
    wire = bed.wire(int(told["port"]), 0)
    folder = bed.new("source")
    _fill(folder, size)
    places = {who: ask({"make": who})["path"] for who in ("ours", "theirs", "floor")}
    urls = {who: f"http://127.0.0.1:{wire}{path}" for who, path in places.items()}
    ours = Calsync(bed)
    shutil.copytree(folder, ours.vdir("days"), dirs_exist_ok=True)
    ours.dav("cloud", wire, str(told["home"]), str(told["user"]))
    ours.pair("days/home", "cloud/ours")
    theirs = Vdirsyncer(bed)
    shutil.copytree(folder, theirs.vdir("a"), dirs_exist_ok=True)
    theirs.dav("b", urls["theirs"])
    theirs.discover()
    series = interleaved(bed, 1, {
        OURS: Runner(lambda: ours.sync, wires=[wire]),
        FLOOR: Runner(lambda: bed.floor("push", {"url": urls["floor"], "folder": str(folder)}), wires=[wire]),
        PEER: Runner(lambda: theirs.sync, wires=[wire]),
    })
    yield Row("servers", f"{kind}: first push from a folder, {size:,} events, 0 ms", series)
    token = ask({"token": places["ours"]})["token"]
    bed.run(ours.sync)
    given = {"urls": [urls["ours"]], "tokens": [token], "folders": [str(folder)]}
    series = interleaved(bed, 5, {
        OURS: Runner(lambda: ours.sync, wires=[wire]),
        FLOOR: Runner(lambda: bed.floor("noop", given), wires=[wire]),
        PEER: Runner(lambda: theirs.sync, wires=[wire]),
    })
    yield Row("servers", f"{kind}: nothing to do, folder <-> CalDAV, {size:,} events, 0 ms", series)


# -- Google and Microsoft ----------------------------------------------------------------------------------------------

PARTS = {"google": 50, "graph": 20}
"""Calls to a request."""


def cloud(bed: Bed, quick: bool) -> Iterator[Row]:
    """Against the emulators of the tests. The floor of the creates: the round trips of full batches, one after the
    other, and the CPU seconds that the emulator itself takes."""
    size = 60 if quick else 1_000
    for kind, parts in PARTS.items():
        folder = bed.new(kind)
        helper = bed.helper("-m", "bench.cloud", kind, str(folder))
        config, url = Path(helper.told["config"]), helper.told["url"]
        if kind == "google":
            port = urlsplit(url).port or 0
            slow = url.replace(f":{port}", f":{bed.wire(port, 50)}")
            config.write_text(config.read_text().replace(url, slow))
        sync = [bed.environment.calsync, "-c", str(config), "--state-dir", helper.told["state"], "sync", "--json"]
        for name, body in made.events(size).items():
            (folder / "disk/Home" / name).write_bytes(body)
        before = helper.ask({"cpu": 1})["cpu_s"]
        first = bed.run(sync, codes=(0, 1, 3))
        spent = helper.ask({"cpu": 1})["cpu_s"] - before
        told = json.loads(first.out)["requests"]["work"]
        trips = -(-size // parts) * 0.05
        numbers = {
            "requests": told["read"] + told["write"], "emulator": spent,
            "floor": first.wall_s / (trips + spent),
        }
        notes = "Google lets 600 units a minute through, so 1,000 creates wait for a minute" if kind == "google" else ""
        notes = f"{numbers['requests']} requests, {spent:.1f} s of CPU in the emulator. {notes}"
        targets = [Target("floor", most=1.3)]
        what = f"{kind}: {size:,} creates, 50 ms"
        yield Row("cloud", what, {OURS: [first]}, targets, numbers, notes)
        bed.run(sync, codes=(0, 1, 3))
        quiet = [bed.run(sync, codes=(0, 1, 3)) for _ in range(2 if quick else 5)]
        asked = [json.loads(one.out)["requests"]["work"] for one in quiet]
        numbers = {"requests a calendar": max(one["read"] + one["write"] for one in asked)}
        targets = [Target("requests a calendar", most=1, unit="")]
        yield Row("cloud", f"{kind}: nothing to do, 50 ms", {OURS: quiet}, targets, numbers)


# -- database ----------------------------------------------------------------------------------------------------------


def database(bed: Bed, quick: bool) -> Iterator[Row]:
    size = 500 if quick else 10_000
    bed.dav.ask({"make": "database-a", "events": size})
    bed.dav.ask({"make": "database-b", "events": 0})
    ours = _copying(bed, "database-a", "database-b", 0)
    bed.run(ours.sync)
    with closing(sqlite3.connect(ours.state / "calsync.db")) as db:
        after = _pages(db)
        db.execute("DELETE FROM operation")
        db.execute("DELETE FROM kept")
        db.commit()
        db.execute("VACUUM")
        without = _pages(db)
    average = sum(len(made.event(number)) for number in range(size)) / size
    numbers = {"bytes an event": without / size, "with history": after / size, "payload": average}
    targets = [Target("bytes an event", most=6 * 1024 * average / 1000, unit="")]
    notes = f"{numbers['with history']:.0f} bytes an event with the journal of the first sync"
    what = f"{size:,} events of {average:.0f} bytes on two sides, without history"
    yield Row("database", what, {}, targets, numbers, notes)


def _pages(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA page_count").fetchone()[0]) * int(db.execute("PRAGMA page_size").fetchone()[0])


# -- pairs and folders -------------------------------------------------------------------------------------------------


def _url(bed: Bed, name: str, delay: int) -> str:
    return f"http://127.0.0.1:{bed.wire(bed.dav.told['port'], delay)}/me/{name}/"


def _fill(folder: Path, size: int) -> None:
    for name, body in made.events(size).items():
        (folder / name).write_bytes(body)


def _copying(bed: Bed, source: str, target: str, delay: int) -> Calsync:
    ours, wire = Calsync(bed), bed.wire(bed.dav.told["port"], delay)
    ours.dav("one", wire)
    ours.dav("two", wire)
    ours.pair(f"one/{source}", f"two/{target}")
    return ours


def _dav_pair(bed: Bed, name: str, size: int, delay: int) -> tuple[Calsync, list[str], list[str]]:
    """Two calendars in sync, NAME-a and NAME-b, whose events were linked by their UIDs; their addresses, and the tokens
    after which nothing happened."""
    for side in "ab":
        bed.dav.ask({"make": f"{name}-{side}", "events": size})
    ours = _copying(bed, f"{name}-a", f"{name}-b", 0)
    bed.run(ours.sync)
    if delay:
        port = bed.dav.told["port"]
        _move(ours, port_from=bed.wire(port, 0), port_to=bed.wire(port, delay))
    _settle(bed, ours)
    places = [bed.dav.ask({"look": f"{name}-{side}"}) for side in "ab"]
    assert {place["events"] for place in places} == {size}, places
    return ours, [_url(bed, f"{name}-{side}", delay) for side in "ab"], [place["token"] for place in places]


def _vdir_pair(bed: Bed, name: str, size: int, delay: int) -> tuple[Calsync, list[str], list[str], Path]:
    bed.dav.ask({"make": name, "events": size})
    ours = Calsync(bed)
    path = ours.vdir("days")
    port = bed.dav.told["port"]
    ours.dav("cloud", bed.wire(port, 0))
    ours.pair("days/home", f"cloud/{name}")
    bed.run(ours.sync)
    if delay:
        _move(ours, port_from=bed.wire(port, 0), port_to=bed.wire(port, delay))
    _settle(bed, ours)
    assert len(list(path.glob("*.ics"))) == size
    return ours, [_url(bed, name, delay)], [bed.dav.ask({"look": name})["token"]], path


def _settle(bed: Bed, ours: Calsync) -> None:
    """What was just written is seen once more, and what a first run writes beside: as it is between two edits. Our own
    writes look recent for a quarter of an hour, which is not what a quiet run is about."""
    bed.run(ours.sync)
    with closing(sqlite3.connect(ours.state / "calsync.db")) as db:
        db.execute("UPDATE operation SET done_us = done_us - 3600000000, sent_us = sent_us - 3600000000")
        db.commit()
    bed.run(ours.sync)


def _move(ours: Calsync, *, port_from: int, port_to: int) -> None:
    """The same server over another wire: to the program that is another place, so it is told that it is not."""
    ours._text = ours._text.replace(f":{port_from}/", f":{port_to}/")
    with closing(sqlite3.connect(ours.state / "calsync.db")) as db:
        db.execute("UPDATE meta SET value = replace(value, ?, ?)", (f":{port_from}/", f":{port_to}/"))
        db.commit()


def _again(theirs: Vdirsyncer, wire: int, bed: Bed) -> Callable[[], Sequence[str]]:
    """The peer over the slow wire: its status names no address."""
    fast = bed.wire(bed.dav.told["port"], 0)
    theirs._text = theirs._text.replace(f":{fast}/", f":{wire}/")
    theirs.discover()
    return lambda: theirs.sync


def _save(bed: Bed, ours: Calsync, name: str) -> None:
    for side in "ab":
        bed.dav.ask({"save": f"{name}-{side}"})
    with closing(sqlite3.connect(ours.state / "calsync.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(ours.state / "calsync.db", ours.folder / "saved.db")


def _load(bed: Bed, ours: Calsync, name: str) -> None:
    for side in "ab":
        bed.dav.ask({"load": f"{name}-{side}"})
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            (ours.state / f"calsync.db{suffix}").unlink()
    shutil.copy(ours.folder / "saved.db", ours.state / "calsync.db")


def _pulling(bed: Bed, name: str, wire: int) -> Runner:
    def command() -> Sequence[str]:
        ours = Calsync(bed)
        ours.vdir("days")
        ours.dav("cloud", wire)
        ours.pair("days/home", f"cloud/{name}")
        return ours.sync

    return Runner(command, wires=[wire])


def _pulling_floor(bed: Bed, name: str, wire: int) -> Runner:
    url = _url(bed, name, 50)
    return Runner(lambda: bed.floor("pull", {"url": url, "folder": str(bed.new("floor"))}), wires=[wire])


def _pulling_peer(bed: Bed, name: str, wire: int) -> Runner:
    def command() -> Sequence[str]:
        theirs = Vdirsyncer(bed)
        theirs.vdir("a")
        theirs.dav("b", _url(bed, name, 50))
        theirs.discover()
        return theirs.sync

    return Runner(command, wires=[wire])


def _pushing(bed: Bed, name: str, folder: Path, empty: Callable[[], None], wire: int) -> Runner:
    def command() -> Sequence[str]:
        ours = Calsync(bed)
        shutil.copytree(folder, ours.vdir("days"), dirs_exist_ok=True)
        ours.dav("cloud", wire)
        ours.pair("days/home", f"cloud/{name}")
        return ours.sync

    return Runner(command, empty, [wire])


def _pushing_peer(bed: Bed, name: str, folder: Path, empty: Callable[[], None], wire: int) -> Runner:
    def command() -> Sequence[str]:
        theirs = Vdirsyncer(bed)
        shutil.copytree(folder, theirs.vdir("a"), dirs_exist_ok=True)
        theirs.dav("b", _url(bed, name, 50))
        theirs.discover()
        return theirs.sync

    return Runner(command, empty, [wire])


CASES: Mapping[str, Callable[[Bed, bool], Iterator[Row]]] = {
    "start": start, "noop": noop, "large": large, "pull": pull, "push": push, "copy": copy, "change": change,
    "servers": servers, "cloud": cloud, "database": database,
}
