"""What the README promises first: a demo, the test command, an exit code for every error."""

from __future__ import annotations

import pytest

from calsync_cli import errors
from tests.docs.documents import ROOT, blocks, text

SHELL = [block.text.strip() for block in blocks("README.md") if block.language == "sh"]


def test_it_opens_with_the_demo_and_the_test_command() -> None:
    demo, suite = SHELL[:2]
    assert demo.endswith("calsync demo") and "venv" in demo
    assert "pytest" in suite and "'.[test]'" in suite and "venv" in suite


def test_ci_runs_exactly_its_test_command() -> None:
    assert SHELL[1] in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


def test_it_stays_short() -> None:
    assert len(text("README.md").splitlines()) <= 220


@pytest.mark.parametrize("kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)])
@pytest.mark.parametrize("document", ["README.md", "docs/exit-codes.md"])
def test_the_exit_code_of_every_error_is_named(document: str, kind: type[errors.CalsyncError]) -> None:
    assert f"\n| {kind.exit_code} |" in text(document)


def test_both_tables_of_exit_codes_say_the_same() -> None:
    short = [line for line in text("README.md").splitlines() if line[:3] in {f"| {n}" for n in range(1, 9)} | {"| 0"}]
    assert short and all(line.rstrip(" |") in text("docs/exit-codes.md") for line in short)
