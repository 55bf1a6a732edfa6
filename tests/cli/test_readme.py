"""What the documents say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calsync_cli import errors
from calsync_cli.cli.explain import sentence
from calsync_cli.config.load import load
from calsync_cli.config.schema import FILTER, VIEW

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_readme_opens_with_the_demo_and_the_test_command() -> None:
    demo, suite = _blocks("sh")[:2]
    assert demo.strip().endswith("calsync demo") and "venv" in demo
    assert "pytest" in suite and "'.[test]'" in suite and "venv" in suite


def test_ci_runs_exactly_the_test_command_of_the_readme() -> None:
    assert _blocks("sh")[1].strip() in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


def test_the_example_configuration_is_right() -> None:
    config = load(ROOT / "config.example.toml", {"HOME": "/home/me"})
    assert set(config.pairs) == {"home", "holidays", "block"} and config.warnings == ()


def test_the_example_configuration_names_every_key_of_views_and_filters() -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    assert [key for key in (*VIEW, *FILTER) if key not in text and key.removeprefix("not_") not in text] == []


def test_the_configuration_of_the_readme_is_right(tmp_path: Path) -> None:
    for number, text in enumerate(_blocks("toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text, encoding="utf-8")
        load(file, {"HOME": "/home/me"})


def test_what_config_check_says_of_the_recipes_is_what_the_readme_says(tmp_path: Path) -> None:
    (recipes,) = (text for text in _blocks("toml") if "[pairs.block]" in text)
    (tmp_path / "c.toml").write_text(recipes, encoding="utf-8")
    pairs = load(tmp_path / "c.toml", {"HOME": "/home/me"}).pairs
    said = "\n".join(map(sentence, pairs.values()))
    assert f"```\n{said}\n```" in README


@pytest.mark.parametrize("kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)])
def test_the_exit_code_of_every_error_is_in_the_readme(kind: type[errors.CalsyncError]) -> None:
    assert f"\n| {kind.exit_code} |" in README
