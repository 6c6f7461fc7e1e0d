"""Errors on a map: a mark an area, drawn to scale, without any map but the marks themselves."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from days_to_sell.data.places import Places
from days_to_sell.spec import PREDICTION
from days_to_sell.training.evaluation import Estimate, Exam
from days_to_sell.training.evaluation.curves import Floats
from days_to_sell.training.pictures.style import DIVERGING, INK, QUIET, draw

AREA, ROWS, BIAS, LOW, HIGH = "area", "rows", "bias_days", "bias_days_low", "bias_days_high"
LATITUDE, LONGITUDE = "latitude", "longitude"
LABELLED = 12
READING = (
    "Each mark is an area, drawn where it lies; its size is the number of rows, its colour the bias. Small "
    "marks are mostly noise: believe ringed ones, and neighbours that agree."
)
# Resampling fewer groups than this shows too little of what might have been.
LEAST_GROUPS = 10
KM_A_DEGREE, SCALE_KM = 111.2, 100
SMALLEST, LARGEST, PALE = 12.0, 420.0, 0.6


def bias_by_area(exam: Exam, rows: pd.DataFrame, places: Places, column: str) -> pd.DataFrame:
    """Average the errors of each area, weighted for censoring over the whole fold.

    Args:
        exam: The test fold.
        rows: Its rows in the same order, with ``days`` and the place's column.
        places: Which area a row is in, and where areas lie.
        column: The place's column.

    Returns:
        A row an area: ``area``, ``latitude``, ``longitude``, ``rows``, and ``bias_days`` (predicted less
        actual) with its interval, missing where too few groups lie in the area to give one.
    """
    area = rows[column].map(dict(places.areas))
    codes, names = pd.factorize(area, sort=True)
    inside = codes >= 0
    errors = rows[PREDICTION].to_numpy(dtype=float) - exam.outcomes.restricted

    def bias(weights: Floats) -> Floats:
        known = exam.outcomes.known_weights(weights)[inside]
        total = np.bincount(codes[inside], known, len(names))
        summed = np.bincount(codes[inside], known * errors[inside], len(names))
        return np.divide(summed, total, out=np.full(len(names), np.nan), where=total > 0)

    values = bias(exam.outcomes.ones)
    samples = np.array([bias(count[exam.resamples.group].astype(float)) for count in exam.resamples.counts])
    groups = pd.Series(exam.resamples.group[inside]).groupby(codes[inside]).nunique()
    found = []
    for number, name in enumerate(names):
        estimate = Estimate.of(values[number], samples[:, number])
        sure = groups[number] >= LEAST_GROUPS
        interval = (estimate.low, estimate.high) if sure else (np.nan, np.nan)
        count = int((codes == number).sum())
        found.append((name, *places.centres[name], count, estimate.value, *interval))
    table = pd.DataFrame(found, columns=[AREA, LATITUDE, LONGITUDE, ROWS, BIAS, LOW, HIGH])
    return table.dropna(subset=[BIAS]).reset_index(drop=True)


def map_of_bias(table: pd.DataFrame, subtitle: str, kind: str = "area") -> Figure:
    """Draw the bias of each area where it lies.

    Args:
        table: As :func:`bias_by_area` gives it.
        subtitle: What is drawn, and of how much data.
        kind: What an area is, for people.
    """
    odd = (table[LOW] > 0) | (table[HIGH] < 0)
    judged = int(table[LOW].notna().sum())
    title = (
        f"{odd.sum()} of {judged} {kind}s are off by more than chance allows"
        if judged
        else f"No {kind} has rows enough to tell its bias from chance"
    )
    subtitle += (
        "\nsize: rows; ringed: the 95 % interval leaves out zero, as by chance in 1 of 20"
        f"\npale: {len(table) - judged} {kind}s with too few rows apart to say"
    )
    figure, (axes,) = draw(title, subtitle, height=8.6, width=5.6)
    # The largest lie below the others, so that they hide none.
    rows = table.assign(odd=odd).sort_values([ROWS, AREA], ascending=[False, True])
    limit = max(1.0, float(rows[BIAS].abs().quantile(0.9)))
    colour = ScalarMappable(Normalize(-limit, limit), DIVERGING)
    axes.scatter(
        rows[LONGITUDE],
        rows[LATITUDE],
        s=(LARGEST * rows[ROWS] / rows[ROWS].max()).clip(lower=SMALLEST),
        c=colour.to_rgba(rows[BIAS], alpha=np.where(rows[LOW].isna(), PALE, 1.0)),
        edgecolors=[INK if each else "white" for each in rows["odd"]],
        linewidths=[1.6 if each else 0.5 for each in rows["odd"]],
    )
    halo = [withStroke(linewidth=2, foreground="white")]
    for area, x, y in rows[[AREA, LONGITUDE, LATITUDE]].head(LABELLED).itertuples(index=False):
        axes.text(x, y, area, ha="center", va="center", fontsize=7.5, color=INK, path_effects=halo)
    bar = figure.colorbar(colour, ax=axes, location="bottom", shrink=0.8, aspect=36, extend="both")
    bar.set_label(
        "predicted less actual days: blue sells later than predicted, orange sooner", fontsize=9, color=INK
    )
    bar.ax.tick_params(colors=QUIET, labelsize=8.5)
    bar.outline.set_visible(False)
    _to_scale(axes, rows)
    return figure


def _to_scale(axes: Axes, rows: pd.DataFrame) -> None:
    """Make a kilometre as long to the east as to the north, and show how long a hundred are."""
    middle = math.cos(math.radians((rows[LATITUDE].min() + rows[LATITUDE].max()) / 2))
    axes.set_aspect(1 / middle)
    axes.margins(0.08)
    axes.set(xticks=[], yticks=[], anchor="W")
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    left, bottom = axes.get_xlim()[0], axes.get_ylim()[0]
    right = left + SCALE_KM / (KM_A_DEGREE * middle)
    axes.plot([left, right], [bottom, bottom], color=QUIET, linewidth=2, solid_capstyle="butt")
    axes.annotate(
        f"{SCALE_KM} km", (left, bottom), xytext=(0, 4), textcoords="offset points", fontsize=8, color=QUIET
    )
