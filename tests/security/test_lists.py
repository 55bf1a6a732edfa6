"""Lists that do not end, and answers that are small on the wire and large in memory.

Google's and Microsoft's lists that go on for ever: tests/contract/test_google_hostile.py, test_graph_hostile.py.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from calsync_cli.errors import ProtocolError
from calsync_cli.model.secret import Secret
from calsync_cli.ports import system_ports
from calsync_cli.providers import http
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.body import TooMuch
from calsync_cli.providers.caldav import delta, xml
from calsync_cli.providers.caldav.provider import CalDavProvider
from calsync_cli.providers.google.answers import json_of as google
from calsync_cli.providers.graph.answers import json_of as graph
from tests.contract import google as google_desk
from tests.contract import graph as graph_desk
from tests.security.test_answers import account
from tests.security.wire import Send, head, wire

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("limit", "value"), [("pages", 20), ("size", 20_000)])
def test_a_collection_that_is_never_through_is_ended(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6578 section 3.6: 507 means that there is more."""
    monkeypatch.setattr(*((delta, "MAX_PAGES", value) if limit == "pages" else (http, "MAX_LIST", value)))
    tokens = count()

    def talk(send: Send, request: bytes) -> None:
        body = (
            '<multistatus xmlns="DAV:"><response><href>/cal/</href><status>HTTP/1.1 507 x</status></response>'
            f"<sync-token>t{next(tokens)}</sync-token>{' ' * 1000}</multistatus>"
        ).encode()
        send(head("207 Multi-Status", Content_Length=str(len(body)), Connection="close") + body)

    with wire(talk) as here:
        asked = replace(account(here.url + "/cal/", "caldav"), timeout_s=10.0)
        provider = CalDavProvider(asked, lambda: Secret("s"), system_ports())
        with pytest.raises(ProtocolError, match="does not end"):
            list(provider.changes(Calendar("/cal/", "Work"), None))
        assert next(tokens) < 25


@pytest.mark.parametrize("desk", [google_desk.desk, graph_desk.desk], ids=["google", "graph"])
def test_pages_that_are_too_much_together_are_ended(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk() as here:
        here.page()
        monkeypatch.setattr(http, "MAX_LIST", 0)
        _more(here)
        with pytest.raises(ProtocolError, match="does not end"):
            here.page()


def _more(here: Any) -> None:
    """Each page says that there is one more."""
    from tests.contract import test_google_hostile, test_graph_hostile

    if isinstance(here, google_desk.Desk):
        test_google_hostile.endless(here, same=False)
    else:
        test_graph_hostile.endless(here, same=False, start="")


@pytest.mark.parametrize("json_of", [google, graph])
def test_an_answer_of_countless_parts_is_not_read(json_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync_cli.providers.answers.MAX_PARTS", 1000)
    asked = httpx.Request("GET", "https://example.org/")
    assert json_of(httpx.Response(200, content=b'{"a": [' + b"{}," * 900 + b"{}]}", request=asked))
    for part in (b"{},", b"[],"):
        with pytest.raises(TooMuch):
            json_of(httpx.Response(200, content=b'{"a": [' + part * 1000 + b"{}]}", request=asked))


LARGEST = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from calsync_cli.errors import ProtocolError
from calsync_cli.providers.caldav import xml
from calsync_cli.providers import http
tag = sys.argv[1].encode()
body = b'<multistatus xmlns="DAV:">' + tag * (http.MAX_BODY // len(tag)) + b"</multistatus>"
try:
    print(len(xml.multistatus(body).answers))
except ProtocolError as err:
    print(err)
try:  # what the kernel calls maxrss may be the parent's, from before this program began
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit to one process this way")
def test_an_answer_of_nothing_but_tags_does_not_fill_the_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGEST, "<a/>"], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    words, megabytes = done.stdout.split("\n")[:2]
    assert "tags" in words and int(megabytes) < 300


@pytest.mark.parametrize("alphabet", ["utf-16", "utf-16-be", "utf-7", "cp037"])
def test_entities_in_another_alphabet_are_not_unfolded(alphabet: str) -> None:
    """Nine layers of ten are five gigabytes in an attribute; the padding is where limits were lifted."""
    layers = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    named = {"utf-16-be": "utf-16"}.get(alphabet, alphabet)
    text = (
        f'<?xml version="1.0" encoding="{named}"?><!DOCTYPE a [<!ENTITY a "xxxxx">{layers}]>'
        f'<a b="&j;">{" " * (xml.SMALL + 1)}</a>'
    )
    with pytest.raises(ProtocolError):
        xml.parse(text.encode(alphabet))


def test_another_alphabet_is_read_all_the_same() -> None:
    text = '<?xml version="1.0" encoding="{}"?><a>Zoë</a>'
    for alphabet in ("utf-16", "iso-8859-1", "utf-8", "UTF-8"):
        assert xml.parse(text.format(alphabet).encode(alphabet)).text == "Zoë"


@pytest.mark.parametrize("tag", [b"<a>", b"<D:response xmlns:D='DAV:'>"])
def test_a_tree_without_a_floor_is_refused(tag: bytes) -> None:
    end = b"</a>" if tag == b"<a>" else b"</D:response>"
    with pytest.raises(ProtocolError):
        xml.parse(tag * 900_000 + end * 900_000)
