"""Sentences of the program without what is in them of its user: for a report that leaves the machine.

Shape   Unnamed(configuration, texts of events).text(sentence) -> the same with numbers for names and `…` for the rest
Rules   a word stays if it is one of the program's own, or a short number. What stands in quotes, dates of events, and
        every text that the calendars hold goes whole, also where each of its words is one that the program knows
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from calsync_cli.store.db import Database

GONE = "…"
_QUOTED = re.compile(r"\".*\"|(?<!\w)'.*'(?!\w)|`.*`", re.DOTALL)
_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} \w{3} \d{4}(?: \d\d:\d\d)?")
_OWN_NAME = re.compile(r"(?:account|pair|calendar)\d+(?:/calendar\d+)?")
_NUMBER = re.compile(r"[+-]?\d{1,4}(?:[.,:]\d{1,3}){0,2}(?:%|s|h|m|d|MB)?")
_LOGGED = re.compile(r"(\S{19,29}) (\d+) ([A-Z]+) (calsync_cli[\w.]*): (.*)")
SHORTEST = 3


def texts_of(db: Database) -> list[str]:
    """What the state holds of events in words that a message may repeat: titles, places, UIDs, ids, file names."""
    sql = (
        "SELECT uid FROM mirror_item UNION SELECT remote_id FROM mirror_item UNION SELECT uid FROM link "
        "UNION SELECT title FROM operation UNION SELECT remote_id FROM operation "
        "UNION SELECT json_extract(form, '$.title') FROM mirror_item WHERE form IS NOT NULL "
        "UNION SELECT json_extract(form, '$.location') FROM mirror_item WHERE form IS NOT NULL "
        "UNION SELECT name FROM calendar UNION SELECT remote FROM calendar UNION SELECT name FROM alias"
    )
    return [row[0] for row in db.all(sql) if row[0]]


class Unnamed:
    def __init__(self, config: Mapping[str, Any], texts: Iterable[str]) -> None:
        accounts, pairs = (list(_table(config.get(name))) for name in ("accounts", "pairs"))
        self._accounts = {name: f"account{number}" for number, name in enumerate(accounts, 1)}
        self._pairs = {name: f"pair{number}" for number, name in enumerate(pairs, 1)}
        known = [str(pair[side]) for pair in _table(config.get("pairs")).values() if isinstance(pair, dict)
                 for side in "ab" if side in pair]  # fmt: skip
        short = _table(config.get("calendars"))
        known += [str(name) for name in short.values()]
        self._names = {name: f"calendar{number}" for number, name in enumerate(dict.fromkeys(known), 1)}
        self._names |= {name: self._names.get(str(full), "calendar") for name, full in short.items()}
        self._names |= self._pairs | self._accounts
        self._texts = sorted({t for t in (*texts, *_strings(config)) if len(t) >= SHORTEST}, key=len, reverse=True)
        longest = sorted((name for name in self._names if name), key=len, reverse=True)
        self._named = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in longest) or r"(?!)")

    def account(self, name: str) -> str:
        return self._accounts.get(name, "account")

    def pair(self, name: str) -> str:
        return self._pairs.get(name, "pair")

    def text(self, sentence: str) -> str:
        """Names first, for they may be words of the program's own."""
        sentence = self._named.sub(lambda found: self._names[found[0]], sentence)
        for text in self._texts:
            if text in sentence:
                sentence = sentence.replace(text, GONE)
        sentence = _DATE.sub(GONE, _QUOTED.sub(GONE, sentence))
        return re.sub(rf"{GONE}(?:\s*{GONE})+", GONE, " ".join(map(_own, sentence.split())))

    def log_line(self, line: str) -> str:
        """Time, process, level and place of a line of the log stay."""
        found = _LOGGED.fullmatch(line)
        if found is None:
            return f"    {self.text(line)}"
        when, process, level, place, words = found.groups()
        return f"{when} {process} {level} {place}: {self._counts(words) or self.text(words)}"

    def _counts(self, words: str) -> str:
        """The line that tells the totals of a pair is data."""
        try:
            data = json.loads(words) if words.startswith("{") else None
        except ValueError:
            return ""
        if not isinstance(data, dict):
            return ""
        told: dict[str, Any] = {name: n for name, n in data.items() if isinstance(n, int) and _is_own(name)}
        for side in "ab":
            counts = data.get(side)
            if isinstance(counts, dict):
                told[side] = {name: n for name, n in counts.items() if isinstance(n, int) and _is_own(name)}
        return json.dumps({"pair": self.pair(str(data.get("pair"))), **told})


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> Iterable[str]:
    """Every text of the configuration that is none of the program's own words."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, str) and not _is_own(value):
        yield value


def _own(token: str) -> str:
    """The word if it is the program's, else a sign that one was there; what stands around it stays."""
    found = re.fullmatch(r"([(\[{<]*)(.*?)([)\]}>.,;:!?]*)", token, re.DOTALL)
    assert found is not None
    before, word, after = found.groups()
    keeps = not word or _OWN_NAME.fullmatch(word) or _NUMBER.fullmatch(word) or _is_own(word.lstrip("-"))
    return token if keeps or word == GONE else f"{before}{GONE}{after}"


def _is_own(word: str) -> bool:
    return bool(word) and all(part.casefold() in _vocabulary() for part in re.split("[-_]", word))


@cache
def _vocabulary() -> frozenset[str]:
    """Every word of the program's source."""
    sources = Path(__file__).parents[1].rglob("*.py")
    return frozenset(
        word.casefold() for source in sources for word in re.findall(r"[A-Za-z]+", source.read_text(encoding="utf-8"))
    )
