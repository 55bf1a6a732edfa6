"""Every configuration in the documents is one that the program takes, whole or with the accounts it names."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from calsync_cli.cli.explain import sentence
from calsync_cli.config.load import load
from calsync_cli.config.schema import FILTER, VIEW
from calsync_cli.errors import ConfigError
from tests.docs.documents import ROOT, Block, blocks, names, text

Table = dict[str, Any]


def samples() -> list[Block]:
    return [block for name in names() for block in blocks(name) if block.language == "toml"]


def completed(block: Block) -> str:
    """The sample with the accounts that it names but does not hold: of the samples before it, else folders."""
    here = tomllib.loads(block.text)
    known: Table = {}
    for other in blocks(block.document):
        if other.language == "toml" and other.line < block.line:
            known |= tomllib.loads(other.text).get("accounts", {})
    more: Table = {"accounts": {}, "pairs": {}}
    for name, pair in here.get("pairs", {}).items():
        lacking = {side: f"{side}/Home" for side in "ab" if side not in pair}
        more["pairs"] |= {name: lacking} if lacking else {}
    for calendar in _calendars(here, more["pairs"]):
        account = calendar.partition("/")[0]
        if "/" in calendar and account not in here.get("accounts", {}):
            more["accounts"][account] = known.get(account, {"provider": "vdir", "path": account})
    return str(tomlkit.dumps(_merged(here, more)))


def _calendars(here: Table, lacking: Table) -> Iterator[str]:
    yield from here.get("calendars", {}).values()
    for pair in (*here.get("pairs", {}).values(), *lacking.values()):
        yield from (pair[side] for side in "ab" if side in pair)


def _merged(a: Table, b: Table) -> Table:
    both = {key: _merged(a[key], b[key]) for key in a.keys() & b.keys()}
    return {**a, **b, **both}


@pytest.mark.parametrize("block", samples(), ids=str)
def test_the_program_takes_each_configuration(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(completed(block), encoding="utf-8")
    load(file, {"HOME": str(tmp_path)})


def test_the_check_finds_what_is_wrong(tmp_path: Path) -> None:
    assert len(samples()) > 20
    wrong = Block("README.md", 1, "toml", '[pairs.x]\na = "one/Home"\ndirektion = "two-way"\n')
    (tmp_path / "config.toml").write_text(completed(wrong), encoding="utf-8")
    with pytest.raises(ConfigError, match="direktion"):
        load(tmp_path / "config.toml", {"HOME": str(tmp_path)})


@pytest.mark.parametrize("document", names())
def test_what_config_check_says_of_a_sample_stands_there_as_it_is_said(document: str, tmp_path: Path) -> None:
    """A block of text whose first line begins with the name of a pair of the sample before it."""
    found = blocks(document)
    for sample, said in pairwise(found):
        pairs = tomllib.loads(sample.text).get("pairs", {}) if sample.language == "toml" else {}
        if said.language == "" and pairs and said.text.split(":")[0] in pairs:
            file = tmp_path / f"{sample.line}.toml"
            file.write_text(completed(sample), encoding="utf-8")
            config = load(file, {"HOME": str(tmp_path)})
            assert said.text.splitlines() == [sentence(pair) for pair in config.pairs.values()], str(said)


def test_the_example_configuration_is_right_and_names_every_key_of_views_and_filters() -> None:
    config = load(ROOT / "config.example.toml", {"HOME": "/home/me"})
    assert set(config.pairs) == {"home", "holidays", "block"} and config.warnings == ()
    example = text("config.example.toml")
    assert [key for key in (*VIEW, *FILTER) if key not in example and key.removeprefix("not_") not in example] == []
