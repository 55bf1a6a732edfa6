"""Bytes: folds, line ends, character sets, control characters, lengths."""

from __future__ import annotations

from tests.corpus.odd import CRLF, ORDINARY, Refused, Table, alarm, cal, event, series, vevent

LONG = "abcdefghi " * 12
TREE = "Bäume für Köln 🌳 – 東京 "


def folded(text: str, width: int, blank: bytes = b" ", newline: bytes = CRLF) -> bytes:
    """Cut after every `width` octets, within characters too (RFC 5545 section 3.1)."""
    data = text.encode()
    return (newline + blank).join(data[i : i + width] for i in range(0, len(data), width))


FOLDS: Table = {
    "fold_after_every_octet": event(folded("SUMMARY:Hello world", 1)),
    "fold_before_the_colon": event("SUMMARY\r\n :Planning"),
    "fold_after_the_colon": event("SUMMARY:\r\n Planning"),
    "fold_within_the_name": event("SUM\r\n MARY:Planning"),
    "fold_within_begin": b"BEGIN:VCAL\r\n ENDAR\r\nVERSION:2.0\r\n" + vevent() + b"\r\nEND:VCALENDAR\r\n",
    "fold_within_end_of_event": event("X-A:1").replace(b"END:VEVENT", b"END:VE\r\n VENT"),
    "fold_within_a_parameter": event("SUMMARY;LANG\r\n UAGE=de:Planung"),
    "fold_within_a_quoted_parameter": event('X-PLACE;X-NAME="Room 4\r\n ; left":here'),
    "fold_within_an_escape": event("SUMMARY:one\\\r\n , two"),
    "fold_within_a_date": event("DTSTART;TZID=Europe/Berlin:2026\r\n 1124T093000"),
    "fold_within_a_zone_name": event("DTSTART;TZID=Europe/Be\r\n rlin:20261124T093000"),
    "fold_within_a_rule": series("RRULE:FREQ=WEE\r\n KLY;COUNT=6"),
    "fold_of_nothing_at_the_end": event("SUMMARY:Planning\r\n "),
    "fold_of_blanks_only": event("SUMMARY:Planning\r\n   \r\n   more"),
    "fold_by_tab_and_blank": event("SUMMARY:one\r\n\t two\r\n \tthree"),
    "fold_at_40_octets_within_emoji": event(folded("DESCRIPTION:" + TREE * 9, 40)),
    "fold_at_200_octets": event(folded("DESCRIPTION:" + LONG * 5, 200)),
    "fold_keeps_two_blanks_between_words": event("SUMMARY:one\r\n   two"),
    "fold_with_lf_in_a_crlf_file": event(folded("DESCRIPTION:" + LONG, 60, newline=b"\n")),
    "fold_within_the_uid": event("UID:odd@cor\r\n pus.test"),
    "fold_of_every_line_of_an_alarm": event(
        alarm(b"ACTION:DIS\r\n PLAY", b"TRIGGER:-P\r\n T15M", b"DESCRIPTION:\r\n Go")
    ),
    "lost_fold_reads_as_a_stray_line": event("DESCRIPTION:a text that some", "program broke in two"),
    "lost_fold_that_looks_like_a_property": event("DESCRIPTION:Bring the", "following: cups, plates"),
    "one_line_of_100_000_characters": event("DESCRIPTION:" + "long " * 20_000),
    "one_folded_line_of_100_000_characters": event(folded("DESCRIPTION:" + "long " * 20_000, 75)),
    "a_thousand_short_lines": event(*(f"X-LINE-{n}:{n}" for n in range(1000))),
}

LINE_ENDS: Table = {
    "line_ends_cr_only": event().replace(CRLF, b"\r"),
    "line_ends_lf_with_folds": event(folded("DESCRIPTION:" + LONG, 60)).replace(CRLF, b"\n"),
    "line_ends_crcrlf": event().replace(CRLF, b"\r\r\n"),
    "line_end_missing_after_end": event().rstrip(),
    "line_ends_doubled": event().replace(CRLF, b"\r\n\r\n"),
    "line_ends_lf_within_a_crlf_event": event(b"X-A:1\nX-B:2", "X-C:3"),
    "blank_lines_before_the_calendar": b"\r\n\r\n" + event(),
    "blank_lines_after_the_calendar": event() + b"\r\n\r\n \r\n",
    "bom_and_lf": b"\xef\xbb\xbf" + event().replace(CRLF, b"\n"),
    "bom_twice": Refused("not a calendar file", b"\xef\xbb\xbf\xef\xbb\xbf" + event()),
    "vertical_tab_in_a_text": event(b"DESCRIPTION:one\x0btwo"),
    "form_feed_in_a_text": event(b"DESCRIPTION:one\x0ctwo"),
    "form_feed_between_lines": event(b"X-A:1\x0c", "X-B:2"),
    "next_line_character_in_a_text": event("DESCRIPTION:one\x85two"),
    "unicode_line_separator_in_a_text": event("DESCRIPTION:one\u2028two\u2029three"),
    "trailing_blanks_after_every_line": event("X-A:1").replace(CRLF, b"  \r\n"),
    "leading_blank_before_the_first_line": Refused("not a calendar file", b"\r\nX\r\n" + event()),
    "file_ends_with_a_control_z": Refused("goes on after the end", event() + b"\x1a"),
    "file_of_nul_bytes": Refused("not a calendar file", b"\x00" * 600),
}

CHARACTERS: Table = {
    "nul_in_the_title": event(b"SUMMARY:Plan\x00ning"),
    "nul_in_an_x_property": event(b"X-BLOB:a\x00b"),
    "bell_and_escape_in_the_title": event(b"SUMMARY:\x07Ring\x1b[31m red"),
    "delete_character_in_the_place": event(b"LOCATION:Room\x7f 4"),
    "tabs_in_a_text": event("DESCRIPTION:one\ttwo\t\tthree"),
    "zero_width_joiner_family": event("SUMMARY:Family 👨‍👩‍👧‍👦 day"),
    "emoji_with_skin_tone": event("SUMMARY:👍🏽 done"),
    "emoji_flag": event("SUMMARY:🇩🇪 Einheit 🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
    "emoji_with_variation_selector": event("SUMMARY:Love ❤️ and ❤"),
    "emoji_as_uid": event("UID:🎉-1@corpus.test"),
    "emoji_in_categories": event("CATEGORIES:🎂,Arbeit"),
    "combining_accent_decomposed": event("SUMMARY:Cafe\u0301 Mu\u0308nchen"),
    "hangul_decomposed": event("SUMMARY:\u1112\u1161\u11ab"),
    "right_to_left_title": event("SUMMARY:פגישה עם דוד"),
    "right_to_left_with_marks": event("SUMMARY:\u202bاجتماع\u202c at 5 \u200f(عربي)\u200e"),
    "direction_overrides": event("SUMMARY:a\u202eb\u2066c\u2069"),
    "zero_width_space_only_title": event("SUMMARY:\u200b"),
    "no_break_spaces": event("SUMMARY:\u00a0Plan\u00a0B\u202f"),
    "bom_within_a_text": event("SUMMARY:\ufeffPlanning"),
    "astral_letters": event("SUMMARY:𝕻𝖑𝖆𝖓 𠮷野家"),
    "noncharacter": event("SUMMARY:a\uffffb\ufffe"),
    "private_use_characters": event("SUMMARY:\ue000 \uf8ff"),
    "lone_surrogate_as_bytes": event(b"SUMMARY:a\xed\xa0\x80b"),
    "overlong_utf8": event(b"SUMMARY:a\xc0\xafb"),
    "latin1_title_in_utf8_file": event(b"SUMMARY:Gr\xfc\xdfe", "LOCATION:Köln"),
    "windows_1252_quotes": event(b"SUMMARY:\x93Planung\x94 \x80 5"),
    "bytes_that_windows_1252_lacks": event(b"SUMMARY:\x81\x8d\x9d"),
    "utf8_cut_within_a_character": event(b"SUMMARY:" + "Köln".encode()[:2]),
    "utf8_twice_encoded": event("SUMMARY:KÃ¶ln"),
    "utf16_little_endian": Refused("not a calendar file", b"\xff\xfe" + event().decode().encode("utf-16-le")),
    "utf32_file": Refused("not a calendar file", event().decode().encode("utf-32-be")),
    "latin1_in_a_zone_name": Refused("unknown", event(b"DTSTART;TZID=Z\xfcrich:20261124T093000")),
    "quoted_printable_of_vcalendar_1": event("SUMMARY;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=C3=9Fe"),
    "charset_parameter": event(b"SUMMARY;CHARSET=ISO-8859-1:Gr\xfc\xdfe"),
    "full_width_digits_in_a_date": Refused("not a possible date", event("DTSTART:２０２６１１２４T０９３０００")),
    "arabic_digits_in_a_rule": Refused("COUNT", series("RRULE:FREQ=WEEKLY;COUNT=٣")),
    "title_of_3_000_characters": event("SUMMARY:" + "Planning " * 333),
    "title_in_fifty_scripts": event("SUMMARY:Ω Ж あ ア 漢 한 ก ა Ա א ع ह த ක မ ខ ລ ᠠ ፊ Ꮳ ᚠ ߊ ⵣ 𐌰 𒀀"),
    "html_entities_in_the_title": event("SUMMARY:Fish &amp; chips &lt;3 &#8364;"),
    "html_as_description": event("DESCRIPTION:<b>Bold</b> &nbsp\\; <br>next <script>alert(1)</script>"),
    "control_characters_everywhere": event(b"DESCRIPTION:" + bytes(range(1, 9)) + b"x" + bytes(range(14, 32))),
}

TEXTS: Table = {
    "title_empty": event("SUMMARY:"),
    "title_missing": event("-SUMMARY"),
    "title_of_blanks": event("SUMMARY:   "),
    "title_with_leading_blanks": event("SUMMARY:   Planning"),
    "title_with_trailing_blanks": event("SUMMARY:Planning   "),
    "title_with_line_break": event("SUMMARY:one\\ntwo"),
    "title_with_carriage_return_escape": event("SUMMARY:one\\rtwo"),
    "title_of_backslashes": event("SUMMARY:\\\\\\\\server\\\\share\\\\"),
    "title_ends_with_a_single_backslash": event("SUMMARY:C:\\"),
    "title_with_unknown_escapes": event("SUMMARY:\\a\\t\\x41\\u00e4"),
    "title_with_bare_commas_and_semicolons": event("SUMMARY:a, b; c"),
    "title_with_colons": event("SUMMARY:Re: Fw: 10:30: plan"),
    "title_in_double_quotes": event('SUMMARY:"Planning"'),
    "title_with_escaped_colon": event("SUMMARY:10\\:30"),
    "title_that_looks_like_a_property": event("SUMMARY:DTSTART:20261124T093000"),
    "title_that_says_end_vevent": event("SUMMARY:END:VEVENT"),
    "description_with_all_line_breaks": event("DESCRIPTION:a\\nb\\Nc\\n\\n\\nd\\n"),
    "description_of_line_breaks_only": event("DESCRIPTION:\\n\\n"),
    "description_empty": event("DESCRIPTION:"),
    "description_twice": event("DESCRIPTION:first", "DESCRIPTION:second"),
    "description_of_20_000_characters": event("DESCRIPTION:" + "word, " * 3333),
    "description_as_data_uri_altrep": event('DESCRIPTION;ALTREP="data:text/html,%3Cb%3EHi%3C%2Fb%3E":Hi'),
    "description_after_the_alarm": cal(vevent(alarm("ACTION:DISPLAY", "TRIGGER:-PT5M"), "DESCRIPTION:late")),
    "description_styled_beside_plain": event(
        "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>x</b>", "DESCRIPTION:x"
    ),
    "place_with_altrep_and_language": event('LOCATION;ALTREP="http://x.test/a;b,c";LANGUAGE=en:Room 4'),
    "place_on_several_lines": event("LOCATION:Street 1\\nCity\\, Country"),
    "place_of_a_blank": event("LOCATION: "),
    "texts_differ_only_in_normalisation": event("SUMMARY:é", "DESCRIPTION:e\u0301", "LOCATION:É"),
    "text_with_every_ascii_character": event("DESCRIPTION:" + "".join(map(chr, range(32, 127))).replace("\\", "\\\\")),
    "comment_and_contact_lines": event("COMMENT:one", "COMMENT:two", "CONTACT:Jim\\, 555-1"),
    "language_on_every_text": event(
        "SUMMARY;LANGUAGE=de-CH:Planung", "DESCRIPTION;LANGUAGE=de:Text", "LOCATION;LANGUAGE=de:Ort"
    ),
    "texts_before_the_uid": cal(vevent("-UID", *ORDINARY[4:], "DESCRIPTION:first", "UID:late@corpus.test")),
    "summary_in_mixed_case": event("Summary:Planning", "description:Text", "LoCaTiOn:Room"),
}

ENCODINGS: Table = {**FOLDS, **LINE_ENDS, **CHARACTERS, **TEXTS}
