"""Partial dependence: how the mean prediction moves with one number (Friedman, 2001)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from days_to_sell.training.pictures.style import BLUE, FAINT, draw, label, name

VALUE, DAYS = "value", "days"
BINS = 40
# Values that span so much are written without decimals.
WHOLE = 20
READING = (
    "The mean prediction if all rows had the same value and were otherwise as they are (partial dependence, "
    "Friedman 2001). It says what the model does, not what causes what."
)
# Where days hardly move, the axis still spans this share of them, so that it looks like hardly.
LEAST_SPAN, HARDLY = 0.4, 0.1


def dependence(feature: str, curve: pd.DataFrame, values: pd.Series, subtitle: str, unit: str = "") -> Figure:
    """Draw the mean of ``days`` if all rows had the same value, above where values lie.

    Args:
        feature: Name of the feature.
        curve: ``value`` and the mean ``days``, ascending by value.
        values: Values of the feature that occur; missing ones are left out.
        subtitle: What is drawn, and of how much data.
        unit: Unit of the feature.
    """
    figure, (axes,) = draw(_title(feature, curve), f"{subtitle}\ngrey: where values lie")
    label(axes, name(feature) + (f" ({unit})" if unit else ""), "mean predicted days")
    axes.plot(curve[VALUE], curve[DAYS], color=BLUE, linewidth=2.2, marker="o", markersize=3.5)
    low, high = curve[DAYS].min(), curve[DAYS].max()
    span = max(high - low, LEAST_SPAN * high)
    axes.set(
        xlim=(curve[VALUE].min(), curve[VALUE].max()), ylim=(max(0.0, low - 0.5 * span), low + 1.1 * span)
    )
    _show_where_values_lie(axes, values)
    return figure


def _title(feature: str, curve: pd.DataFrame) -> str:
    low, high = curve[DAYS].min(), curve[DAYS].max()
    if high - low < HARDLY * high:
        return f"Days hardly move with {name(feature)}: they stay between {low:.0f} and {high:.0f}"
    first, last = curve.iloc[0], curve.iloc[-1]
    way = "rise" if last[DAYS] > first[DAYS] else "fall"
    form = ",.0f" if last[VALUE] - first[VALUE] >= WHOLE else ".2f"
    return (
        f"Days {way} from {first[DAYS]:.0f} to {last[DAYS]:.0f} as {name(feature)} goes "
        f"from {first[VALUE]:{form}} to {last[VALUE]:{form}}"
    )


def _show_where_values_lie(axes: Axes, values: pd.Series) -> None:
    """Draw a histogram behind the lower quarter of the picture."""
    counts, edges = np.histogram(values.dropna(), bins=BINS, range=axes.get_xlim())
    behind = axes.twinx()
    behind.bar(edges[:-1], counts, np.diff(edges), align="edge", color=FAINT)
    behind.set(ylim=(0, 4 * max(1, counts.max())), yticks=[], zorder=axes.get_zorder() - 1)
    for spine in behind.spines.values():
        spine.set_visible(False)
    axes.patch.set_visible(False)
