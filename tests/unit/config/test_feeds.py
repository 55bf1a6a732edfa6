"""Feeds in the configuration: where they are, and that nothing is ever written to them (cli.md section 3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync_cli.model.account import IN_WINDOWS, Config
from tests.unit.config.test_load import problems, read

ACCOUNTS = """
[accounts.days]
provider = "ics"
url = "webcal://example.org/5ecret.ics"
[accounts.file]
provider = "ics"
path = "days.ics"
[accounts.x]
provider = "vdir"
path = "x"
[accounts.m]
provider = "microsoft"
client_id = "00000000-0000-0000-0000-000000000000"
"""


def pair(a: str = "days/feed", b: str = "x/Home", more: str = "", before: str = "") -> str:
    return f'{ACCOUNTS}{before}\n[pairs.p]\na = "{a}"\nb = "{b}"\n{more}\n'


def told(tmp_path: Path, **values: str) -> dict[str, str]:
    return problems(tmp_path, pair(**values))


ADDRESSES = {
    "webcal://example.org/a.ics": "https://example.org/a.ics",
    "webcals://example.org/a.ics?x=1": "https://example.org/a.ics?x=1",
    "https://me:pw@example.org:8443/a": "https://me:pw@example.org:8443/a",
    "http://127.0.0.1:80/a": "http://127.0.0.1:80/a",
    "http://example.org/a": "http://example.org/a",
}


@pytest.mark.parametrize(("typed", "asked"), ADDRESSES.items())
def test_webcal_is_another_word_for_https(tmp_path: Path, typed: str, asked: str) -> None:
    config = read(tmp_path, f'[accounts.days]\nprovider = "ics"\nurl = "{typed}"\n')
    assert config.accounts["days"].url == asked
    assert [w for w in config.warnings if "plain http" in w] == list(config.warnings)
    assert bool(config.warnings) == (typed == "http://example.org/a")
    assert "example.org" not in str(config.warnings)


@pytest.mark.parametrize("typed", ["ftp://5ecret", "5ecret.ics", "https://", "https://a b/5ecret", "https://[5ecret"])
def test_what_is_no_address_is_refused_without_repeating_it(tmp_path: Path, typed: str) -> None:
    found = problems(tmp_path, f'[accounts.days]\nprovider = "ics"\nurl = "{typed}"\n')
    assert "5ecret" not in str(found) and "webcal://" in found["accounts.days.url"]


def test_a_feed_has_either_an_address_or_a_path(tmp_path: Path) -> None:
    for keys in ("", 'url = "https://example.org/a"\npath = "b"\n'):
        assert "either" in problems(tmp_path, f'[accounts.days]\nprovider = "ics"\n{keys}')["accounts.days"]
    config = read(tmp_path, ACCOUNTS)
    assert config.accounts["file"].path == tmp_path / "days.ics" and config.accounts["file"].url is None


def test_other_accounts_take_no_webcal(tmp_path: Path) -> None:
    assert problems(tmp_path, '[accounts.d]\nprovider = "caldav"\nurl = "webcal://example.org"\n')


def direction(config: Config) -> str:
    return config.pairs["p"].direction


def test_a_pair_that_says_no_direction_goes_away_from_its_feed(tmp_path: Path) -> None:
    assert direction(read(tmp_path, pair())) == "a-to-b"
    assert direction(read(tmp_path, pair("x/Home", "file/feed"))) == "b-to-a"
    for said in ("two-way", "b-to-a"):
        before = f'[defaults]\ndirection = "{said}"\n'
        assert direction(read(tmp_path, pair(before=before))) == "a-to-b"
    assert direction(read(tmp_path, pair(more='direction = "a-to-b"'))) == "a-to-b"


@pytest.mark.parametrize("said", ["two-way", "b-to-a"])
def test_a_pair_that_would_write_to_a_feed_is_told_what_to_say_instead(tmp_path: Path, said: str) -> None:
    found = told(tmp_path, more=f'direction = "{said}"')
    assert list(found) == ["pairs.p.direction"]
    assert 'only be read; write direction = "a-to-b"' in found["pairs.p.direction"]
    found = told(tmp_path, a="x/Home", b="days/feed", more=f'direction = "{"a-to-b" if said == "b-to-a" else said}"')
    assert 'direction = "b-to-a"' in found["pairs.p.direction"]


def test_two_feeds_make_no_pair(tmp_path: Path) -> None:
    assert "nothing could be written" in told(tmp_path, a="days/feed", b="file/feed")["pairs.p"]


def test_a_feed_does_not_join_the_calendars_it_goes_to(tmp_path: Path) -> None:
    """Else the windows and rules of one pair would have to be those of the other."""
    more = '[pairs.q]\na = "days/feed"\nb = "m/Work"\nconflict = "newest"\n'
    config = read(tmp_path, pair(more=more))
    assert config.pairs["q"].window == IN_WINDOWS and config.pairs["p"].window.all
