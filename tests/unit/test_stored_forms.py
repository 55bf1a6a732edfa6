"""What was stored as the same text is read once and held once (model.codec): so nobody may change it."""

from __future__ import annotations

from typing import Any

import pytest

from calsync_cli.model.codec import LONG, form_from, form_json


def test_the_same_text_is_one_form_that_cannot_be_changed() -> None:
    text = form_json({"title": "Choir"})
    form: Any = form_from(text)
    assert form_from(text) is form
    with pytest.raises(TypeError):
        form["title"] = "Dentist"


def test_a_long_text_is_not_kept() -> None:
    text = form_json({"description": "x" * LONG})
    assert form_from(text) is not form_from(text)
