"""No colour vanishes on a dark ground or on a light one, in the palettes that terminals come with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calsync_cli.cli import draw

CLI = Path(draw.__file__).parent
PALETTES = {  # black, white, then the colours as they are, and as terminals draw them that make bold bright
    "xterm": "000000 ffffff red=cd0000 green=00cd00 yellow=cdcd00 blue=0000ee magenta=cd00cd cyan=00cdcd "
             "bold-red=ff0000 bold-green=00ff00 bold-magenta=ff00ff",
    "gnome": "000000 ffffff red=cc0000 green=4e9a06 yellow=c4a000 blue=3465a4 magenta=75507b cyan=06989a "
             "bold-red=ef2929 bold-green=8ae234 bold-magenta=ad7fa8",
    "windows": "0c0c0c ffffff red=c50f1f green=13a10e yellow=c19c00 blue=0037da magenta=881798 cyan=3a96dd "
               "bold-red=e74856 bold-green=16c60c bold-magenta=b4009e",
    "macos": "000000 ffffff red=990000 green=00a600 yellow=999900 blue=0000b2 magenta=b200b2 cyan=00a6b2 "
             "bold-red=e50000 bold-green=00d900 bold-magenta=e500e5",
}  # fmt: skip
ENOUGH = 2.1
"""The contrast of WCAG 2. Text in one colour alone should have more; each of these words stands for itself, too."""


def styles() -> set[str]:
    """Of tables, and wherever else the source names one."""
    text = "".join(file.read_text(encoding="utf-8") for file in CLI.rglob("*.py"))
    return {*draw.STYLES.values(), *draw.MARKS.values(), *re.findall(r'style="([^"]+)"', text)}


def contrast(one: str, other: str) -> float:
    dark, light = sorted((_light(one), _light(other)))
    return (light + 0.05) / (dark + 0.05)


def _light(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def weakest(style: str, palette: str) -> float:
    black, white, *named = PALETTES[palette].split()
    colors = dict(one.split("=") for one in named)
    words = [word for word in style.split() if word not in ("bold", "dim", "underline")]
    shades = [colors[word] for word in words]
    shades += [colors[f"bold-{word}"] for word in words if "bold" in style and f"bold-{word}" in colors]
    return min((contrast(shade, ground) for shade in shades for ground in (black, white)), default=21.0)


@pytest.mark.parametrize("palette", PALETTES)
def test_every_style_can_be_read_on_black_and_on_white(palette: str) -> None:
    assert len(styles()) >= 5
    assert {style: weakest(style, palette) for style in styles() if weakest(style, palette) < ENOUGH} == {}


def test_what_vanishes_is_found() -> None:
    assert weakest("yellow", "xterm") < ENOUGH and weakest("bold green", "gnome") < ENOUGH
    assert weakest("blue", "macos") < ENOUGH
