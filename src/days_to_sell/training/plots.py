"""Pictures of a candidate, for the run."""

from __future__ import annotations

import pandas as pd
from lifelines import KaplanMeierFitter
from matplotlib.figure import Figure

from days_to_sell.spec import DURATION, OBSERVED, PREDICTION
from days_to_sell.training.evaluate import calibration_by_decile

THIRDS = ("soonest third", "middle third", "latest third")


def calibration(rows: pd.DataFrame, title: str) -> Figure:
    """Draw predicted against actual days by tenth of the predictions."""
    table = calibration_by_decile(rows)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    top = float(table.to_numpy().max()) * 1.1
    axes.plot([0, top], [0, top], color="grey", linewidth=1, label="perfect")
    axes.plot(table["predicted"], table["actual"], marker="o", label="by tenth of predictions")
    axes.set(xlabel="predicted days", ylabel="actual days, weighted for censoring", title=title)
    axes.legend()
    return figure


def survival_by_prediction(rows: pd.DataFrame, title: str, horizon: int) -> Figure:
    """Draw Kaplan-Meier curves of the thirds that are predicted to sell soonest and latest."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    third = pd.qcut(rows[PREDICTION].rank(method="first"), len(THIRDS), labels=False)
    for number, name in enumerate(THIRDS):
        part = rows[third == number]
        KaplanMeierFitter(label=name).fit(part[DURATION], part[OBSERVED]).plot_survival_function(ax=axes)
    axes.set(xlabel="days listed", ylabel="share still for sale", title=title, xlim=(0, horizon))
    return figure
