"""What a case gives back, how it is held against its target, and the table.

Shape   Row: one line of the table; its series are the measures of each program, in the order they were taken, so that
        the n-th of one was taken next to the n-th of the others. A ratio is the median of the ratios of such pairs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.bed import Measure

OURS, FLOOR, PEER = "calsync", "floor", "vdirsyncer"


@dataclass(frozen=True)
class Target:
    """of: what is compared ("floor": calsync / floor, "vdirsyncer": vdirsyncer / calsync, or any named number)."""

    of: str
    most: float | None = None
    least: float | None = None
    unit: str = "x"

    def met(self, value: float) -> bool:
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def words(self) -> str:
        return f"<= {self.most:g}{self.unit}" if self.most is not None else f">= {self.least:g}{self.unit}"


@dataclass
class Row:
    """what: the case in words; numbers: by name, what is no time of a run; notes: what the reader should know."""

    case: str
    what: str
    series: Mapping[str, Sequence[Measure]] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    notes: str = ""

    def value(self, of: str) -> float | None:
        if of in self.numbers:
            return self.numbers[of]
        if of == FLOOR:
            return self.ratio(OURS, FLOOR)
        return self.ratio(PEER, OURS) if of == PEER else None

    def ratio(self, one: str, other: str, what: str = "wall_s") -> float | None:
        pairs = list(zip(self.series.get(one, ()), self.series.get(other, ()), strict=False))
        return median(getattr(a, what) / getattr(b, what) for a, b in pairs) if pairs else None

    def _cpu(self, of: str) -> str:
        """The same ratio of CPU seconds, which other work on the machine disturbs less."""
        pair = {FLOOR: (OURS, FLOOR), PEER: (PEER, OURS)}.get(of) if of not in self.numbers else None
        ratio = self.ratio(*pair, "cpu_s") if pair else None
        return f"; of CPU {ratio:.4g}x" if ratio is not None else ""

    def verdicts(self) -> list[str]:
        said = []
        for target in self.targets:
            value = self.value(target.of)
            if value is not None:
                mark = "ok  " if target.met(value) else "MISS"
                said.append(f"{mark} {target.of} {value:.4g}{target.unit} ({target.words()}{self._cpu(target.of)})")
        return said

    def json(self) -> dict[str, Any]:
        def shown(one: Measure) -> dict[str, Any]:
            return {"wall_s": one.wall_s, "cpu_s": one.cpu_s, "rss_mib": one.rss_mib, "requests": one.requests}

        return {
            "case": self.case, "what": self.what, "numbers": dict(self.numbers), "notes": self.notes,
            "series": {name: [shown(one) for one in found] for name, found in self.series.items()},
            "ratios": {t.of: self.value(t.of) for t in self.targets}, "verdicts": self.verdicts(),
        }


def table(rows: Sequence[Row]) -> str:
    """Plain text: median seconds and their spread, CPU, memory, requests, and what the targets say."""
    lines = []
    for row in rows:
        lines.append(f"{row.case}: {row.what}")
        for name, found in row.series.items():
            walls = [one.wall_s for one in found]
            asked = sorted({one.requests for one in found if one.requests is not None})
            told = f"  {'/'.join(map(str, asked))} requests" if asked else ""
            cpu, rss = median(one.cpu_s for one in found), median(one.rss_mib for one in found)
            spread = f"({min(walls):.3f} to {max(walls):.3f}, n={len(walls)})"
            lines.append(f"    {name:<13}{median(walls):8.3f} s  {spread}  CPU {cpu:7.3f} s  {rss:5.0f} MiB{told}")
        lines += [f"    {verdict}" for verdict in row.verdicts()]
        if row.notes:
            lines.append(f"    {row.notes}")
    return "\n".join(lines)
