"""Links between documents lead somewhere, and every document can be reached."""

from __future__ import annotations

import pytest

from tests.docs.documents import ROOT, anchors, links, names


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
