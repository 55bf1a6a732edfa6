"""Google's eleven event colours <-> the colour names of the form (RFC 7986 COLOR, CSS names or #rrggbb).

Shape   `name_of("11")` -> "red"; `nearest("turquoise")` -> "7", by distance in CIE L*a*b*; "" for what is no colour
Rule    each id has one name, the CSS name nearest to what Google's own pages show for it (facts 3.4), so that
        nearest(name_of(id)) == id; other names come back by what is kept with the event (facts 11.1)
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

_SHOWN = {
    "1": ("cornflowerblue", 0x7986CB), "2": ("mediumseagreen", 0x33B679), "3": ("darkmagenta", 0x8E24AA),
    "4": ("lightcoral", 0xE67C73), "5": ("goldenrod", 0xF6BF26), "6": ("orangered", 0xF4511E),
    "7": ("deepskyblue", 0x039BE5), "8": ("dimgray", 0x616161), "9": ("slateblue", 0x3F51B5),
    "10": ("seagreen", 0x0B8043), "11": ("red", 0xD50000),
}  # fmt: skip
"""colorId -> (its name in a form, what Google's pages show)."""

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)
_CSS = """
aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff beige:f5f5dc bisque:ffe4c4 black:000000
blanchedalmond:ffebcd blue:0000ff blueviolet:8a2be2 brown:a52a2a burlywood:deb887 cadetblue:5f9ea0 chartreuse:7fff00
chocolate:d2691e coral:ff7f50 cornflowerblue:6495ed cornsilk:fff8dc crimson:dc143c cyan:00ffff darkblue:00008b
darkcyan:008b8b darkgoldenrod:b8860b darkgray:a9a9a9 darkgreen:006400 darkgrey:a9a9a9 darkkhaki:bdb76b
darkmagenta:8b008b darkolivegreen:556b2f darkorange:ff8c00 darkorchid:9932cc darkred:8b0000 darksalmon:e9967a
darkseagreen:8fbc8f darkslateblue:483d8b darkslategray:2f4f4f darkslategrey:2f4f4f darkturquoise:00ced1
darkviolet:9400d3 deeppink:ff1493 deepskyblue:00bfff dimgray:696969 dimgrey:696969 dodgerblue:1e90ff firebrick:b22222
floralwhite:fffaf0 forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc ghostwhite:f8f8ff gold:ffd700 goldenrod:daa520
gray:808080 green:008000 greenyellow:adff2f grey:808080 honeydew:f0fff0 hotpink:ff69b4 indianred:cd5c5c indigo:4b0082
ivory:fffff0 khaki:f0e68c lavender:e6e6fa lavenderblush:fff0f5 lawngreen:7cfc00 lemonchiffon:fffacd lightblue:add8e6
lightcoral:f08080 lightcyan:e0ffff lightgoldenrodyellow:fafad2 lightgray:d3d3d3 lightgreen:90ee90 lightgrey:d3d3d3
lightpink:ffb6c1 lightsalmon:ffa07a lightseagreen:20b2aa lightskyblue:87cefa lightslategray:778899
lightslategrey:778899 lightsteelblue:b0c4de lightyellow:ffffe0 lime:00ff00 limegreen:32cd32 linen:faf0e6 magenta:ff00ff
maroon:800000 mediumaquamarine:66cdaa mediumblue:0000cd mediumorchid:ba55d3 mediumpurple:9370db mediumseagreen:3cb371
mediumslateblue:7b68ee mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585 midnightblue:191970
mintcream:f5fffa mistyrose:ffe4e1 moccasin:ffe4b5 navajowhite:ffdead navy:000080 oldlace:fdf5e6 olive:808000
olivedrab:6b8e23 orange:ffa500 orangered:ff4500 orchid:da70d6 palegoldenrod:eee8aa palegreen:98fb98
paleturquoise:afeeee palevioletred:db7093 papayawhip:ffefd5 peachpuff:ffdab9 peru:cd853f pink:ffc0cb plum:dda0dd
powderblue:b0e0e6 purple:800080 rebeccapurple:663399 red:ff0000 rosybrown:bc8f8f royalblue:4169e1 saddlebrown:8b4513
salmon:fa8072 sandybrown:f4a460 seagreen:2e8b57 seashell:fff5ee sienna:a0522d silver:c0c0c0 skyblue:87ceeb
slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa springgreen:00ff7f steelblue:4682b4 tan:d2b48c
teal:008080 thistle:d8bfd8 tomato:ff6347 turquoise:40e0d0 violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5
yellow:ffff00 yellowgreen:9acd32
"""


def name_of(color_id: str) -> str:
    """The form's name of a colorId; "" for none and for one that is not among the eleven."""
    return _SHOWN[color_id][0] if color_id in _SHOWN else ""


@lru_cache(maxsize=256)
def nearest(color: str) -> str:
    """The id whose colour looks most like `color`; "" when that names no colour."""
    color = color.strip().lower()
    for color_id, (name, _) in _SHOWN.items():
        if color == name:
            return color_id
    rgb = _rgb(color)
    return min(_SHOWN, key=lambda i: _distance(_SHOWN[i][1], rgb)) if rgb is not None else ""


def _rgb(color: str) -> int | None:
    found = _HEX.fullmatch(color)
    if found is None:
        return _names().get(color)
    digits = found.group(1)
    return int(digits if len(digits) == 6 else "".join(d + d for d in digits), 16)


@cache
def _names() -> dict[str, int]:
    return {name: int(digits, 16) for name, _, digits in (word.partition(":") for word in _CSS.split())}


def _distance(a: int, b: int) -> float:
    return sum((x - y) ** 2 for x, y in zip(_lab(a), _lab(b), strict=True))


@cache
def _lab(rgb: int) -> tuple[float, float, float]:
    red, green, blue = (_linear((rgb >> shift & 255) / 255) for shift in (16, 8, 0))
    x = _root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047)
    y = _root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = _root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _root(part: float) -> float:
    return float(part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116)
