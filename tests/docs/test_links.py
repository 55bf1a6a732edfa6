"""Links between documents lead somewhere, every document can be reached, and messages name what is there."""

from __future__ import annotations

import re

import pytest

from tests.docs.documents import ROOT, anchors, links, names, text


@pytest.mark.parametrize("document", names())
def test_links_lead_somewhere(document: str) -> None:
    here = ROOT / document
    for to in links(document):
        if "://" in to:
            continue
        path, _, anchor = to.partition("#")
        target = (here.parent / path).resolve() if path else here
        assert target.exists(), f"{document} links to {to}"
        assert target.is_relative_to(ROOT), f"{document} links out of the project: {to}"
        if anchor:
            assert anchor in anchors(target.relative_to(ROOT).as_posix()), f"{document} links to {to}"


def test_the_index_names_every_document_and_readme_the_index() -> None:
    listed = {f"docs/{to.partition('#')[0]}" for to in links("docs/README.md")}
    assert {name for name in names() if name.startswith("docs/")} - {"docs/README.md"} <= listed
    assert "docs/README.md" in set(links("README.md"))


def test_anchors_are_made_as_renderers_make_them() -> None:
    assert {"changelog", "unreleased"} <= anchors("CHANGELOG.md")
    assert "what-a-server-cannot-do-to-this-machine" in anchors("SECURITY.md")


def test_the_pages_and_steps_that_messages_name_are_there() -> None:
    named = re.compile(r"docs/([\w-]+\.md)(?:, steps? (\d)(?: and (\d))?)?")
    found = 0
    for file in (*sorted((ROOT / "calsync_cli").rglob("*.py")), ROOT / "config.example.toml"):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("Source")]
        for page, *steps in named.findall("\n".join(lines)):
            found += 1
            words = (ROOT / "docs" / page).read_text(encoding="utf-8")
            for step in filter(None, steps):
                assert re.search(rf"^{step}\. ", words, re.MULTILINE), f"{file} names step {step} of {page}"
    assert found > 15


@pytest.mark.parametrize("document", names())
def test_no_document_names_a_machine(document: str) -> None:
    assert re.findall(r"(?<![\w.~])/(?:root|tmp|work|home)/\S*", text(document)) == []
