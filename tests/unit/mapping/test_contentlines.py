"""Raw content lines: parsed for reading, kept byte for byte (RFC 5545 section 3.1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import content_lines, fold, make_line, parse


def only(raw: bytes):  # type: ignore[no-untyped-def]
    (line,) = content_lines(raw)
    return line


@pytest.mark.parametrize(
    ("raw", "name", "params", "value"),
    [
        (b"SUMMARY:a:b\r\n", "SUMMARY", (), "a:b"),
        (b"summary;language=de:x\n", "SUMMARY", (("LANGUAGE", "de"),), "x"),
        (
            b'ATTENDEE;CN="Doe, J: x";RSVP=TRUE:mailto:a@b\r\n',
            "ATTENDEE",
            (("CN", "Doe, J: x"), ("RSVP", "TRUE")),
            "mailto:a@b",
        ),
        (b'X;CN="a \\"b\\"":v\r\n', "X", (("CN", 'a "b"'),), "v"),
        (b'X;CN="a \\"b":v\r\n', "X", (("CN", 'a "b'),), "v"),
        (b"X;CN=say ^'hi^'^nthere^^:v\r\n", "X", (("CN", 'say "hi"\nthere^'),), "v"),
        (b"ATTENDEE;RSVP:mailto:a@b\r\n", "ATTENDEE", (), "mailto:a@b"),
        (b"X;A=b,c;D=:v", "X", (("A", "b,c"), ("D", "")), "v"),
        (b"SUM\r\n MARY:a\r\n\tb\r\n", "SUMMARY", (), "ab"),
        (b"no colon here\r\n", "", (), ""),
    ],
)
def test_a_line_gives_name_parameters_and_value(raw: bytes, name: str, params: object, value: str) -> None:
    line = only(raw)
    assert line.name == name
    if name:
        assert (line.params, line.value) == (params, value)
    assert line.raw == raw


def test_a_fold_inside_a_character_is_undone_before_decoding() -> None:
    raw = "SUMMARY:ü".encode()
    assert only(raw[:-1] + b"\r\n " + raw[-1:] + b"\r\n").value == "ü"


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=300), st.sampled_from([b"\r\n", b"\n"]))
def test_a_folded_line_has_at_most_75_octets_and_unfolds_to_itself(text: str, newline: bytes) -> None:
    text = text.replace("\r", "").replace("\n", "")
    raw = fold("X:" + text, newline)
    pieces = raw.split(newline)[:-1]
    assert all(len(piece) <= 75 for piece in pieces)
    assert [piece.decode() for piece in pieces]  # no character is cut
    assert only(raw).text == "X:" + text


@pytest.mark.parametrize("lead", range(60, 80))
def test_a_fold_never_splits_a_character(lead: int) -> None:
    pieces = fold("x" * lead + "😀ü€" * 60).split(b"\r\n")[:-1]
    assert "".join(piece.decode().removeprefix(" ") for piece in pieces) == "x" * lead + "😀ü€" * 60
    assert all(70 < len(piece) <= 75 for piece in pieces[:-1])


TREES = [b"X:1", b"junk", b"", b"X:\r\n folded\r\n\ttab", b"BEGIN:Y\r\nZ:1\r\nend:y", b"\xff:", b":"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TREES)))
def test_any_well_formed_tree_is_given_back_byte_for_byte(lines: list[bytes]) -> None:
    payload = b"\r\n".join([b"BEGIN:VCALENDAR", *lines, b"END:VCALENDAR", b"", b""])
    assert parse(payload).data() == payload
    lf = payload.replace(b"\r\n", b"\n")
    assert parse(b"\xef\xbb\xbf\n" + lf).data() == b"\xef\xbb\xbf\n" + lf


def test_parameters_that_need_it_are_quoted_and_escaped() -> None:
    line = make_line("X", "v", (("CN", 'a,"b"'), ("P", "plain")))
    assert line.raw == b"X;CN=\"a,^'b^'\";P=plain:v\r\n"
    assert only(line.raw).params == (("CN", 'a,"b"'), ("P", "plain"))


def test_a_megabyte_of_folded_text_is_read_in_a_moment() -> None:
    raw = fold("DESCRIPTION:" + "ä" * 500_000)
    assert len(only(raw).value) == 500_000


@pytest.mark.parametrize(
    "payload", [b"", b"<html>", b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n"]
)
def test_what_is_no_calendar_is_refused(payload: bytes) -> None:
    with pytest.raises(MappingError):
        parse(payload)
