"""Survival: predicted shares still for sale beside those that were seen, by third of the predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from matplotlib.figure import Figure

from days_to_sell.spec import DURATION, OBSERVED, PREDICTION
from days_to_sell.training.evaluation import Survival
from days_to_sell.training.pictures.style import BLUE, DASHED, GREEN, INK, ORANGE, draw, label, legend

THIRDS = {"soonest third": BLUE, "middle third": GREEN, "latest third": ORANGE}
READING = (
    "Rows are parted into thirds by their prediction. Solid lines with their 95 % bands are what happened "
    "(Kaplan-Meier), dashed ones what was predicted."
)
THIRD, DAY, PREDICTED, SEEN, LOW, HIGH = "third", "day", "predicted", "seen", "low", "high"


def survival_by_third(rows: pd.DataFrame, survival: Survival, horizon: int) -> pd.DataFrame:
    """Compare predicted survival with Kaplan-Meier's, for thirds of rows with alike predictions.

    Args:
        rows: ``duration`` (days), ``observed`` and the predicted ``days``.
        survival: The predicted distribution of each of them.
        horizon: Days up to which to look.

    Returns:
        ``third``, ``day``, and shares still for sale: ``predicted``, ``seen``, and the 95 % interval ``low``
        to ``high`` of the latter (Greenwood's, on the scale of log(-log)).
    """
    days = np.arange(0.0, horizon + 1)
    predicted = survival.at(np.broadcast_to(days, (len(rows), len(days))))
    third = pd.qcut(rows[PREDICTION].rank(method="first"), len(THIRDS), labels=False).to_numpy()
    parts = []
    for number, name in enumerate(THIRDS):
        mine = third == number
        seen = KaplanMeierFitter().fit(rows[DURATION][mine], rows[OBSERVED][mine], timeline=days)
        low, high = seen.confidence_interval_survival_function_.to_numpy().T
        shares = {
            PREDICTED: predicted[mine].mean(axis=0),
            SEEN: seen.survival_function_.iloc[:, 0].to_numpy(),
        }
        parts.append(pd.DataFrame({THIRD: name, DAY: days, **shares, LOW: low, HIGH: high}))
    return pd.concat(parts, ignore_index=True)


def survival_curves(table: pd.DataFrame, subtitle: str) -> Figure:
    """Draw the shares still for sale, predicted and seen, by third of the predictions.

    Args:
        table: As :func:`survival_by_third` gives it.
        subtitle: What is drawn, and of how much data.
    """
    curves = {name: table[table[THIRD] == name] for name in THIRDS}
    soonest, *_, latest = (_half_gone(curve) for curve in curves.values())
    title = f"Half of the soonest third is gone by day {soonest}, of the latest by day {latest}"
    figure, (axes,) = draw(title, subtitle)
    label(axes, "days since listing", "share still for sale")
    for name, curve in curves.items():
        colour = THIRDS[name]
        axes.fill_between(curve[DAY], curve[LOW], curve[HIGH], step="post", color=colour, alpha=0.15, lw=0)
        axes.step(curve[DAY], curve[SEEN], where="post", color=colour, linewidth=1.6, label=name)
        axes.plot(curve[DAY], curve[PREDICTED], color=colour, linewidth=1.6, linestyle=DASHED)
    axes.plot([], [], color=INK, linewidth=1.6, linestyle=DASHED, label="as predicted")
    axes.set(xlim=(0, table[DAY].max()), ylim=(0, 1))
    legend(axes)
    return figure


def _half_gone(curve: pd.DataFrame) -> str:
    gone = curve.loc[curve[SEEN] <= 0.5, DAY]
    return f"{gone.min():.0f}" if len(gone) else f"{curve[DAY].max():.0f} or later"
