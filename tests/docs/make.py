"""Writes what the program itself makes for the documents: `python -m tests.docs.make [commands status transcript]`."""

from __future__ import annotations

import sys

from tests.docs import pages, picture, transcript


def main(*which: str) -> None:
    if not which or "commands" in which:
        pages.COMMANDS.write_text(pages.commands(), encoding="utf-8")
        pages.CONFIGURATION.write_text(pages.configuration(), encoding="utf-8")
        pages.MAN.write_text(pages.man(), encoding="utf-8")
    if not which or "status" in which:
        picture.FILE.write_text(picture.picture(picture.screen()), encoding="utf-8")
    if not which or "transcript" in which:
        transcript.FILE.write_text(transcript.page(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
