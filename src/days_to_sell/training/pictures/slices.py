"""Slices: errors apart for each make, region or price band, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from days_to_sell.training.evaluation import Estimate, SliceResult
from days_to_sell.training.pictures.style import BLUE, DASHED, INK, ORANGE, QUIET, draw, label, name

LINE_INCHES = 0.2
ERROR, BIAS = "mae_days", "bias_days"
LABELS = {ERROR: "mean absolute error (days)", BIAS: "bias: predicted less actual (days)"}
READING = (
    "Marks are means, bars 95 % intervals by the bootstrap; rows in brackets. A bias whose interval leaves "
    "out zero is vermilion. Slices of too few rows to say anything are left out."
)
Line = SliceResult | str


def slices(results: Sequence[SliceResult], overall: Mapping[str, Estimate], subtitle: str) -> Figure:
    """Draw mean absolute error and bias of each slice side by side, under the column that cuts them.

    Args:
        results: The slices; those too small to say anything are left out.
        overall: ``mae_days`` and ``bias_days`` of all rows.
        subtitle: What is drawn, and of how much data.
    """
    shown = [result for result in results if not result.too_small]
    off = sum(_one_sided(result) for result in shown)
    title = f"{off} of {len(shown)} slices are off to one side, where chance alone makes it 1 in 20"
    lines = list(_lines(shown))
    height = 1.5 + LINE_INCHES * len(lines)
    figure, panels = draw(title, f"{subtitle}\ndashed: all rows", height=height, width=8.0, panels=2)
    for axes, metric in zip(panels, (ERROR, BIAS), strict=True):
        label(axes, LABELS[metric])
        axes.axvline(overall[metric].value, color=QUIET, linewidth=1, linestyle=DASHED)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        for at, line in enumerate(lines):
            if isinstance(line, SliceResult):
                odd = metric == BIAS and _one_sided(line)
                _mark(axes, at, line.metrics[metric], ORANGE if odd else BLUE)
    _name_lines(panels[0], lines)
    return figure


def _lines(shown: Sequence[SliceResult]) -> Iterator[Line]:
    """Put the slices under one another, each column's under its name."""
    column = None
    for result in shown:
        if result.column != column:
            column = result.column
            yield name(column)
        yield result


def _mark(axes: Axes, at: int, estimate: Estimate, colour: str) -> None:
    axes.hlines(at, estimate.low, estimate.high, color=colour, linewidth=1.6, alpha=0.6)
    axes.plot([estimate.value], [at], "o", color=colour, markersize=4.5)


def _name_lines(axes: Axes, lines: Sequence[Line]) -> None:
    texts = [line if isinstance(line, str) else f"{line.value}  ({line.rows:,})" for line in lines]
    axes.set_yticks(range(len(lines)), texts)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    for tick, line in zip(axes.get_yticklabels(), lines, strict=True):
        heading = isinstance(line, str)
        tick.set(color=INK, fontweight="bold" if heading else "normal", fontsize=9 if heading else 8.5)


def _one_sided(result: SliceResult) -> bool:
    bias = result.metrics[BIAS]
    return bias.low > 0 or bias.high < 0
