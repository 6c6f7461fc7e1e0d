"""Figures as a card writes them: names, units and intervals for people."""

from __future__ import annotations

import math
from collections.abc import Sequence

from days_to_sell.training.evaluation import Estimate, Evaluation

# Heading of a figure, what it means, and its decimals.
MEANINGS = {
    "c_index": ("concordance (Harrell)", "share of pairs seen in the right order; 0.5 is chance", 3),
    "c_index_ipcw": (
        "concordance (IPCW)",
        "share of pairs in the right order, censoring weighed for; 0.5 is chance",
        3,
    ),
    "integrated_brier": (
        "integrated Brier score",
        "distance of predicted survival from what was seen; 0 is perfect",
        3,
    ),
    "mae_days": ("mean error, days", "mean absolute distance from what happened", 1),
    "bias_days": ("bias, days", "predicted less actual; 0 is right", 1),
    "coverage_80": ("within the 80 % range", "share that sold within its predicted range; 0.8 is right", 2),
    "calibration_slope": ("calibration slope", "1 is right, below 1 too bold", 2),
    "calibration_error_days": ("calibration error, days", "mean distance of tenths from what happened", 1),
}
UNKNOWN = "–"


def columns(evaluations: Sequence[Evaluation]) -> list[str]:
    """Name the figures that any of the evaluations has, in order."""
    return list(dict.fromkeys(name for each in evaluations for name in each.metrics))


def named(metric: str) -> tuple[str, str]:
    """Give a figure's heading and what it means."""
    heading, meaning, _ = MEANINGS.get(metric, (metric.replace("_", " "), "", 3))
    return heading, meaning


def figure(estimate: Estimate | None, metric: str) -> tuple[str, str]:
    """Write a figure and its 95 % interval as text; what is not known is a dash, and has no interval."""
    if estimate is None or not math.isfinite(estimate.value):
        return UNKNOWN, ""
    decimals = MEANINGS[metric][2] if metric in MEANINGS else 3
    value, low, high = (_rounded(each, decimals) for each in (estimate.value, estimate.low, estimate.high))
    return value, f"{low} to {high}" if math.isfinite(estimate.low) else ""


def _rounded(value: float, decimals: int) -> str:
    """Write a number without the sign of a zero."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")
