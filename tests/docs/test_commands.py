"""Every command in the documents exists, and is run in the order of its document where that can be done here.

A document is a story: what its configurations say is written, its commands are run one after the other in an empty home
with the servers of tests/docs/stories.py, each must end with 0 or with the exit code that its comment names, and what
stands beneath a command must be shown by it. What another test runs is named with it; what is only parsed is a skipped
test with the reason.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path

import pytest
import typer.main

from calsync_cli.cli.app import _hoisted, every_command
from calsync_cli.cli.context import Context
from tests.docs.documents import ROOT, Block, Command, blocks, commands, commands_of, names, spans
from tests.docs.home import SHELL, Home
from tests.docs.stories import STORIES, Story
from tests.docs.words import plain, shown_in

OTHER_PROGRAM = "a program that is not ours"
PLACES = re.compile(r"\b[A-Z][A-Z-]+\b")


def parse(line: str, *, whole: bool = True) -> None:
    """Whether the command line takes these words. Raises what it would say. not whole: arguments may be left out."""
    try:
        _parse(line)
    except typer.Exit:
        pass
    except SystemExit as end:  # --version
        assert not end.code
    except Exception as err:
        if whole or type(err).__name__ != "MissingParameter":  # typer's click is private to it
            raise


def _parse(line: str) -> None:
    words = [*chain(*_hoisted(shlex.split(line.replace("...", ""))[1:]))]
    group = typer.main.get_command(every_command())
    context = group.make_context("calsync", words, obj=Context())
    while isinstance(group, typer.core.TyperGroup):
        rest = [*context._protected_args, *context.args]
        if not rest:
            break
        name, command, rest = group.resolve_command(context, rest)
        assert name and command, line
        group = command
        context = command.make_context(name, rest, parent=context, obj=Context())


def ours(command: Command) -> Iterator[str]:
    """The parts of a line that call calsync."""
    for part in re.split(r"\s(?:&&|\|\|?|;|>|<)\s", command.line):
        if part.split()[0].rpartition("/")[2] == "calsync":
            yield "calsync " + " ".join(part.split()[1:])


def examples(document: str) -> Iterator[str]:
    """Those that the help shows."""
    for block in blocks(document):
        _, _, shown = block.text.partition("\n  Examples:\n") if block.language == "text" else ("", "", "")
        yield from re.findall(r"^ +(calsync .*)$", shown, re.MULTILINE)


def reason(command: Command, story: Story | None) -> str | None:
    """Why a command is only parsed; None if it is run."""
    for beginning, why in (story.only_parsed if story else {}).items():
        if command.line.startswith(beginning):
            return why
    if elsewhere(command, story):
        return None
    first = command.line.split()[0]
    if first not in SHELL | {"calsync"}:
        return OTHER_PROGRAM
    return None if story else "the document has no story"


def elsewhere(command: Command, story: Story | None) -> str | None:
    """The test that runs it."""
    tests = story.elsewhere if story else {}
    return next((test for beginning, test in tests.items() if command.line.startswith(beginning)), None)


def told() -> list[tuple[str, str]]:
    """(document, reason) of all that is not run."""
    found = {(name, why) for name in names() for one in commands(name) if (why := reason(one, STORIES.get(name)))}
    return sorted(found)


@pytest.mark.parametrize("document", names())
def test_every_command_exists_with_its_options(document: str) -> None:
    for command in commands(document):
        for line in ours(command):
            parse(line)
    for line in examples(document):
        parse(line)
    for line in spans(document):
        parse(PLACES.sub("1", line.replace("calsync COMMAND", "calsync sync")), whole=False)


def test_what_does_not_exist_is_found() -> None:
    for line in ("calsync synk", "calsync sync --dry-rum", "calsync conflicts solve", "calsync export"):
        with pytest.raises(Exception, match=r"(?i)no such|missing|unexpected|unknown"):
            parse(line)


@pytest.mark.parametrize("document", sorted(STORIES))
def test_the_story_of_a_document_happens_as_it_is_told(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = STORIES[document]
    home = Home(tmp_path, monkeypatch, capsys)
    with home.stack:
        story.given(home)
        for block, next_one in zip_longest(blocks(document), blocks(document)[1:]):
            first = block.text.partition("\n")[0]
            if block.language == "toml" and story.whole:
                home.write(block.text)
                home.alone()
                if next_one is None or next_one.language != "sh":
                    _is_right(home, block)
            elif block.language == "toml" and first.startswith("# config.toml"):
                home.write(block.text)
            elif block.language == "toml" and first.startswith("# added to config.toml"):
                home.add(block.text)
            elif block.language in ("sh", "console"):
                for command in commands_of(block):
                    _happens(home, story, command)


def _is_right(home: Home, block: Block) -> None:
    """What a person does with a whole configuration: sign in, see what it means and what would happen."""
    home.signed_in()
    for line in ("calsync config check", "calsync sync --dry-run"):
        said = home.run(line)
        assert said.code == 0 and "nothing was" not in said.text, f"{block}: {line}\n{said.text}"


def _happens(home: Home, story: Story, command: Command) -> None:
    if reason(command, story) is not None or elsewhere(command, story):
        return
    answers = [
        (words, home.as_typed(answer) if isinstance(answer, str) else answer)
        for words, answer in story.answers.get(command.line, ())
    ]
    said = home.run(home.as_typed(command.line), answers)
    code = story.ends.get(command.line, command.code)
    assert said.code == code, f"{command.place}: {command.line}\nexit code {said.code}\n{said.text}"
    lacking = shown_in(command.shown, plain(said.text, home.folder))
    assert not lacking, f"{command.place}: {command.line}\ndoes not show: {lacking}\nbut:\n{said.text}"


@pytest.mark.parametrize(("document", "why"), told())
def test_what_is_only_parsed_has_a_reason(document: str, why: str) -> None:
    lines = [one.line for one in commands(document) if reason(one, STORIES.get(document)) == why]
    assert lines and why != "the document has no story", f"{document}: {lines}"
    pytest.skip(f"only parsed, {why}: {'; '.join(lines)}")


def test_what_is_run_elsewhere_is_run_there() -> None:
    for test in {test for story in STORIES.values() for test in story.elsewhere.values()}:
        file, _, name = test.partition("::")
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_every_exception_of_a_story_is_used() -> None:
    for name, story in STORIES.items():
        lines = [one.line for one in commands(name)]
        assert {*story.answers, *story.ends} <= set(lines), name
        for beginning in (*story.only_parsed, *story.elsewhere):
            assert any(line.startswith(beginning) for line in lines), (name, beginning)
