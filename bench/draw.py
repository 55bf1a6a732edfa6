"""The rows as a picture: one bar for each program, as a multiple of the floor. SVG, made by hand.

Scale   logarithmic, since the peer can be fifty times the floor
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from statistics import median

from bench.results import FLOOR, OURS, PEER, Row

COLORS = {FLOOR: "#9aa5b1", OURS: "#1f6feb", PEER: "#d29922"}
LEFT, WIDTH, BAR, GAP, TOP = 430, 520, 9, 12, 46


def picture(rows: Sequence[Row]) -> str:
    shown = [row for row in rows if FLOOR in row.series and OURS in row.series]
    times = {id(row): {name: median(one.wall_s for one in row.series[name]) for name in COLORS if name in row.series}
             for row in shown}
    most = max((max(found.values()) / found[FLOOR] for found in times.values()), default=2.0)
    scale = WIDTH / math.log(max(most, 2.0) * 1.1)
    parts, y = [], TOP
    for row in shown:
        found = times[id(row)]
        middle = y + BAR * len(found) / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(row.what[:74])}</text>')
        for name, seconds in found.items():
            ratio = max(seconds / found[FLOOR], 1.0)
            wide = max(2.0, math.log(ratio) * scale)
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{wide:.1f}" height="{BAR - 1}" fill="{COLORS[name]}"/>')
            words = f"{seconds:.2f} s" if name == FLOOR else f"{seconds:.2f} s, {seconds / found[FLOOR]:.2f}x"
            parts.append(f'<text x="{LEFT + wide + 4:.1f}" y="{y + BAR - 2}" class="n">{words}</text>')
            y += BAR
        y += GAP
    lines = []
    for factor in (1, 1.5, 2, 5, 10, 20, 50, 100):
        if factor <= most * 1.1:
            x = LEFT + math.log(factor) * scale
            lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{y}" stroke="#ddd"/>')
            lines.append(f'<text x="{x:.1f}" y="{TOP - 12}" text-anchor="middle" class="n">{factor:g}x</text>')
    key = "".join(
        f'<rect x="{10 + 110 * n}" y="10" width="12" height="12" fill="{color}"/>'
        f'<text x="{27 + 110 * n}" y="20">{name}</text>'
        for n, (name, color) in enumerate(COLORS.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 130}" height="{y + 10}">'
        "<style>text{font:11px sans-serif;fill:#24292f}.n{font-size:9px;fill:#57606a}</style>"
        f'<rect width="100%" height="100%" fill="white"/>{key}{"".join(lines)}{"".join(parts)}</svg>\n'
    )
