"""Calibration: whether cars that are said to take so many days do, by tenth of the predictions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from days_to_sell.training.evaluation import Band
from days_to_sell.training.pictures.style import BLUE, DASHED, QUIET, draw, label, legend

READING = (
    "Rows are parted into tenths by their prediction. A mark on the dashed line sold when predicted, one "
    "above it later. Bars are 95 % intervals by the bootstrap."
)


def calibration(bands: Sequence[Band], subtitle: str) -> Figure:
    """Draw actual over predicted days, a mark a band of similar predictions.

    Args:
        bands: The bands, with the interval of what happened.
        subtitle: What is drawn, and of how much data.
    """
    predicted = np.array([band.predicted for band in bands])
    actual, low, high = np.array([(b.actual.value, b.actual.low, b.actual.high) for b in bands]).T
    met = int(((low <= predicted) & (predicted <= high)).sum())
    title = f"{met} of {len(bands)} tenths sell when predicted"
    subtitle += "\nwhen predicted: the 95 % interval holds the prediction"
    figure, (axes,) = draw(title, subtitle, height=6.4, width=5.8)
    label(axes, "mean predicted days", "mean actual days, weighted for censoring")
    ends = np.concatenate([predicted, low, high])
    room = 0.06 * max(1.0, float(np.ptp(ends)))
    limits = max(0.0, ends.min() - room), ends.max() + room
    axes.plot(limits, limits, color=QUIET, linewidth=1, linestyle=DASHED, label="as predicted")
    axes.vlines(predicted, low, high, color=BLUE, linewidth=1.8, alpha=0.5, label="95 % interval")
    axes.plot(predicted, actual, "o", color=BLUE, markersize=6, label="a tenth of the predictions")
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    legend(axes, loc="upper left")
    return figure
