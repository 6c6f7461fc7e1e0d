"""How every picture looks: a title that says what is seen, units on the axes, colours all can tell apart.

Figures are made without pyplot, so that nothing is remembered from one to the next.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

# Blue, vermilion and green of Okabe and Ito's palette (Color Universal Design, 2008).
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
INK, QUIET, FAINT = "#222222", "#666666", "#D9D9D9"
DASHED = (0, (4, 2.5))
# Blue below zero and orange above it, with nothing at zero.
DIVERGING = LinearSegmentedColormap.from_list(
    "below and above", ("#08519C", "#6BAED6", "#E6E6E6", "#FDAE6B", "#A63603")
)
WIDTH, DPI = 7.0, 130
TITLE_INCHES, LINE_INCHES, MARGIN_INCHES = 0.30, 0.20, 0.12
# What a letter takes on average, the title's and the subtitle's.
TITLE_LETTER_INCHES, LETTER_INCHES = 0.095, 0.068


def draw(
    title: str, subtitle: str, *, height: float = 4.6, width: float = WIDTH, panels: int = 1
) -> tuple[Figure, list[Axes]]:
    """Make an empty picture.

    Args:
        title: What is seen, in one sentence; wrapped where it is too long.
        subtitle: What is drawn and of how much data, in one line or more.
        height, width: Inches.
        panels: Axes side by side, on the same scale from bottom to top.
    """
    room = width - 2 * MARGIN_INCHES
    headline = wrap(title, int(room / TITLE_LETTER_INCHES))
    below = [line for each in subtitle.splitlines() for line in wrap(each, int(room / LETTER_INCHES))]
    title_inches = TITLE_INCHES * len(headline)
    header = MARGIN_INCHES + title_inches + LINE_INCHES * len(below)
    side, foot = MARGIN_INCHES / width, MARGIN_INCHES / height / 2
    layout = ConstrainedLayoutEngine(rect=(side, foot, 1 - 2 * side, 1 - header / height - foot))
    figure = Figure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")
    top = 1 - MARGIN_INCHES / height
    figure.text(side, top, "\n".join(headline), va="top", fontsize=11.5, fontweight="bold", color=INK)
    under = top - title_inches / height
    figure.text(side, under, "\n".join(below), va="top", fontsize=9, color=QUIET, linespacing=1.4)
    axes = list(figure.subplots(1, panels, sharey=True, squeeze=False)[0])
    for each in axes:
        _quieten(each)
    return figure, axes


def label(axes: Axes, x: str, y: str = "") -> None:
    """Say what the axes show, with units."""
    axes.set_xlabel(x, fontsize=9.5, color=INK)
    axes.set_ylabel(y, fontsize=9.5, color=INK)


def legend(axes: Axes, **where: Any) -> None:
    """Name what is drawn, without a frame around it."""
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, **where)


def headings(figure: Figure) -> tuple[str, str]:
    """Give title and subtitle of a picture."""
    title, subtitle = (text.get_text() for text in figure.texts[:2])
    return " ".join(title.split()), subtitle


def name(column: str) -> str:
    """Write a column's name for people.

    >>> name("price_over_valuation")
    'price over valuation'
    """
    return column.replace("_", " ")


def _quieten(axes: Axes) -> None:
    """Leave of a frame what helps to read values off."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(FAINT)
    axes.tick_params(colors=QUIET, labelsize=8.5, length=3)
    axes.grid(color=FAINT, linewidth=0.6, alpha=0.7)
    axes.set_axisbelow(True)
