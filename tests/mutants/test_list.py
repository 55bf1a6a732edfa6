"""The list of the test plan is complete: each of its faults has a mutant, and the mutants' own tests catch it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mutants.listed import FAULTS, has

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
PLAN = Path(__file__).parents[3] / "shared" / "test-plan.md"


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_list_has_a_mutant(fault: str) -> None:
    module, name = FAULTS[fault]
    assert has(module, name)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_page_tells_of_every_fault(fault: str) -> None:
    module, name = FAULTS[fault]
    assert f"| {fault} | {module}: {name} |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.skipif(not PLAN.exists(), reason="the test plan is not beside the project")
def test_the_list_is_the_plans() -> None:
    section = PLAN.read_text(encoding="utf-8").partition("### Mutation gate")[2].partition("\n## ")[0]
    words = re.sub(r"\s+", " ", section.split("\n\n", 2)[2]).strip().rstrip(".")
    assert [fault.strip() for fault in words.split(";")] == list(FAULTS)
