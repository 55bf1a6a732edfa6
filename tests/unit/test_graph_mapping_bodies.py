"""Texts through Outlook's HTML, and join blocks of online meetings: read the same whatever Outlook makes of them, and
changed without touching what was not meant (facts 0.14, 0.18, L4.4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from urllib.parse import quote

import pytest

from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.values import clean
from calsync_cli.model.series import Form
from tests.emulators.graph import bodies
from tests.unit.graph_outlook import HOME, Outlook
from tests.unit.test_graph_mapping_oddities import HALF_TEN

TEXTS = [
    "one line", "two\nlines", "an empty\n\nline", "  indented\n    more", "two  blanks   and three",
    "a < b & c > d \"e\" 'f'", "<b>no markup</b>", "&nbsp; &amp; &lt;", "<!-- no comment -->",
    "<script>alert(1)</script>",
    "https://example.org/?a=1&b=2", "see https://example.org/ (home)", "- one\n- two\n  - nested",
    "1. first\n2. second",
    "\u00a0hard\u00a0\u00a0blanks", "tab\there", "trailing  \nblanks ", "many\n\n\n\nempty lines", "_" * 80,
    "____\nMicrosoft Teams meeting\n____", "emoji \U0001f469\u200d\U0001f469\u200d\U0001f467 cafe\u0301 \u00e9",
    "right \u202eto left", "a" * 5000, "\n".join("lines" * 9), "x\n" * 400, "ends with a <", "</div></body></html>",
    "[link](https://x.example)", "\\n no line end", "&#10; neither",
]  # fmt: skip


def form_of(text: str) -> Form:
    return {"title": "x", "time": HALF_TEN, **({"description": text} if text else {})}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_comes_back_through_outlook_and_stays_unedited(text: str) -> None:
    outlook = Outlook()
    payload = outlook.read(outlook.create(GRAPH.make("u", form_of(text), "m", HOME)))
    form = GRAPH.read(payload).form
    assert form["description"] == clean(text)
    assert GRAPH.edit(payload, {"description": clean(text)}) is payload
    retitled = GRAPH.edit(payload, {"title": "y"})
    assert [set(one["members"]) for one in json.loads(retitled)["requests"]] == [{"subject"}]


@pytest.mark.parametrize(("old", "new"), list(zip(TEXTS, [*TEXTS[1:], ""], strict=True)), ids=range(len(TEXTS)))
def test_a_text_becomes_another_one_through_outlook(old: str, new: str) -> None:
    outlook = Outlook()
    item = outlook.create(GRAPH.make("u", form_of(old), "m", HOME))
    outlook.edit(item, GRAPH.edit(outlook.read(item), {"description": clean(new)}))
    assert GRAPH.read(outlook.read(item)).form.get("description", "") == clean(new)


# -- rewriting ---------------------------------------------------------------------------------------------------------


def _safe_links(page: str) -> str:
    there = "https://eur01.safelinks.protection.outlook.com/?url={}&amp;data=05&amp;reserved=0"
    return re.sub(r'href="([^"]*)"', lambda found: f'href="{there.format(quote(unescape(found[1]), safe=""))}"', page)


REWRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": lambda page: page,
    "cleaned again": lambda page: bodies.stored(page, "html"),
    "other line ends": lambda page: page.replace("\r\n", "\n"),
    "no wrapper": bodies.inner,
    "other wrapper": lambda page: '<HTML xmlns:o="urn:x"><HEAD><STYLE>p { x: y }</STYLE></HEAD><BODY lang="EN">\r\n'
    f"{bodies.inner(page)}\r\n</BODY></HTML>",
    "numbers for blanks": lambda page: page.replace("&nbsp;", "&#160;"),
    "blanks as they are": lambda page: page.replace("&nbsp;", "\u00a0"),
    "closed breaks": lambda page: page.replace("<br>", "<br/>\r\n"),
    "capitals": lambda page: re.sub(r"</?(div|br|a|span|font)\b", lambda found: found[0].upper(), page),
    "more attributes": lambda page: page.replace("<div", '<div class="elementToProof" data-x="1 > 0"'),
    "spans around": lambda page: re.sub(r"(?<=>)([^<>\r\n]+)(?=<)", r'<span lang="DE">\1</span>', page),
    "safe links": _safe_links,
    "comments": lambda page: page.replace("<br>", "<!-- [if mso]><p>old</p><![endif] --><br>"),
}
PAGES = {
    "plain": ("Bring card\n\nat nine", "<div>Bring card<br><br>at nine</div>"),
    "lists": ("Agenda\n- one\n- two", "<div>Agenda</div><ul><li>one</li><li><b>two</b></li></ul>"),
    "links": ("the page (https://x.example/?a=1&b=2)", '<p><a href="https://x.example/?a=1&amp;b=2">the page</a></p>'),
    "blanks": ("  a  b", "<div>&nbsp; a&nbsp; b</div>"),
}


@pytest.mark.parametrize("how", REWRITTEN)
@pytest.mark.parametrize("page", PAGES)
def test_a_body_reads_the_same_however_outlook_rewrites_it(page: str, how: str) -> None:
    text, html = PAGES[page]
    outlook = Outlook()
    times = {"start": _node("09:30"), "end": _node("10:30")}
    event = {"subject": "x", **times, "body": {"contentType": "html", "content": html}}
    data = json.loads(outlook.read(outlook.write(event)))
    data["event"]["body"]["content"] = REWRITTEN[how](data["event"]["body"]["content"])
    payload = json.dumps(data).encode()
    assert GRAPH.read(payload).form["description"] == text
    more = GRAPH.edit(payload, {"description": f"{text}\nand more"})
    assert GRAPH.read(more).form["description"] == f"{text}\nand more"


def _node(clock: str) -> dict[str, str]:
    return {"dateTime": f"2026-11-24T{clock}:00", "timeZone": "W. Europe Standard Time"}


def test_a_line_of_a_persons_html_changes_and_the_others_keep_their_markup() -> None:
    outlook = Outlook()
    html = "<p>first <b>bold</b></p><ul><li>one</li><li>two <i>slanted</i></li></ul><p>last</p>"
    event = {"start": _node("09:30"), "end": _node("10:30"), "body": {"contentType": "html", "content": html}}
    item = outlook.write(event)
    payload = outlook.read(item)
    assert GRAPH.read(payload).form["description"] == "first bold\n- one\n- two slanted\nlast"
    outlook.edit(item, GRAPH.edit(payload, {"description": "first bold\n- one & a half\n- two slanted\nlast"}))
    assert item.now is not None
    assert bodies.inner(item.now.members["html"]) == html.replace("<li>one", "<li>one &amp; a half")


# -- online meetings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("text", ["Bring cake", "", "Agenda\n\nall of us", "_" * 80, "Agenda:\nBring cake\nand tea"])
def test_an_online_meeting_lives_through_a_new_text(text: str, repeats: bool) -> None:
    outlook = Outlook()
    event = {
        "subject": "x", "start": _node("09:30"), "end": _node("10:30"), "isOnlineMeeting": True,
        "body": {"contentType": "html", "content": "<p>Agenda: <b>all</b></p>"},
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
            "range": {"type": "noEnd", "startDate": "2026-11-24"},
        } if repeats else None,
    }  # fmt: skip
    item = outlook.write(event)
    assert item.now is not None and item.now.members["isOnlineMeeting"]
    url = item.now.members["onlineMeeting"]["joinUrl"]
    page = item.now.members["html"]
    block = page[page.index('<div class="me-email-text"') : page.index("</body>")].strip()
    for wanted in (text, "and another one", text):
        payload = outlook.read(item)
        assert GRAPH.read(payload).form["url"] == url
        outlook.edit(item, GRAPH.edit(payload, {"description": wanted}))
        assert GRAPH.read(outlook.read(item)).form.get("description", "") == wanted
        assert item.now.members["isOnlineMeeting"] and item.now.members["onlineMeeting"] == {"joinUrl": url}
        assert block in item.now.members["html"]
    assert outlook.box.mails == []


def test_the_join_block_begins_at_the_last_ruler_above_its_link() -> None:
    outlook = Outlook()
    html = "<p>Agenda</p><hr><p>Minutes</p>"
    event = {"start": _node("09:30"), "end": _node("10:30"), "body": {"contentType": "html", "content": html}}
    payload = outlook.read(outlook.write({**event, "isOnlineMeeting": True}))
    assert str(GRAPH.read(payload).form["description"]).split("\n") == ["Agenda", "", "Minutes"]
