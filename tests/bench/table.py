"""What was measured, as lines of one Markdown table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEAD = "|   | measured | baseline | ours | ratio | aim |   |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `judged` is what `aim` bounds from above; None if there is no aim."""

    key: str
    what: str
    baseline: str
    ours: str
    ratio: float | None = None
    aim: str = ""
    judged: float | None = None
    bound: float | None = None

    @property
    def missed(self) -> bool:
        """Whether it has an aim and does not reach it."""
        return self.judged is not None and self.bound is not None and self.judged > self.bound

    def line(self) -> str:
        """As Markdown."""
        kept = "" if self.judged is None or self.bound is None else "**no**" if self.missed else "yes"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return f"| {self.key} | {self.what} | {self.baseline} | {self.ours} | {ratio} | {self.aim} | {kept} |"


def against(key: str, what: str, baseline: float, ours: float, bound: float | None = None) -> Row:
    """Times in seconds, shown in the unit that fits, judged by their ratio."""
    ratio = ours / baseline
    aim = "" if bound is None else f"ratio ≤ {bound:g}"
    return Row(
        key=key,
        what=what,
        baseline=seconds(baseline),
        ours=seconds(ours),
        ratio=ratio,
        aim=aim,
        judged=ratio,
        bound=bound,
    )


def seconds(value: float) -> str:
    """`231 ms`, `2.31 s`."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed; `values` not empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Sequence[float]) -> float:
    """The median over rounds."""
    return statistics.median(values)
