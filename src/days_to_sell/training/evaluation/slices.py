"""Slices: the same measures for the values or bands of one column, apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from days_to_sell.spec import Slice
from days_to_sell.training.evaluation.bootstrap import Estimate, Resamples
from days_to_sell.training.evaluation.calibration import Errors
from days_to_sell.training.evaluation.concordance import Pairs
from days_to_sell.training.evaluation.curves import Floats
from days_to_sell.training.evaluation.outcomes import Outcomes

LEAST_ROWS, LEAST_SALES = 100, 50
OTHER, MISSING = "other", "missing"


@dataclass(frozen=True)
class SliceResult:
    """How good predictions are for one value or band.

    Args:
        column: The slice's column.
        value: The value, or the band as text.
        rows: How many rows it has.
        sales: How many of them were seen sold within the horizon.
        metrics: Name to figure; empty where there are too few rows or sales to say anything.
    """

    column: str
    value: str
    rows: int
    sales: int
    metrics: dict[str, Estimate]

    @property
    def too_small(self) -> bool:
        """Whether figures would be noise."""
        return not self.metrics


def by_slice(
    declared: Slice, values: pd.Series, outcomes: Outcomes, days: Floats, resamples: Resamples
) -> tuple[SliceResult, ...]:
    """Measure the predictions of each value or band of a column.

    Args:
        declared: The column and how it is cut.
        values: Its value of each row.
        outcomes: The fold.
        days: One prediction a row.
        resamples: Its replicates.
    """
    labels, names = cut(declared, values)
    found = []
    for name in names:
        mine = (labels == name).to_numpy()
        part = outcomes.take(mine)
        rows, sales = len(part), int(part.events.sum())
        enough = rows >= LEAST_ROWS and sales >= LEAST_SALES
        metrics = _measure(part, days[mine], resamples.take(mine)) if enough else {}
        found.append(SliceResult(declared.column, name, rows, sales, metrics))
    return tuple(found)


def _measure(part: Outcomes, days: Floats, resamples: Resamples) -> dict[str, Estimate]:
    errors = Errors(part, days)
    return {
        "c_index_ipcw": resamples.estimate(Pairs.of(part, days).uno),
        "mae_days": resamples.estimate(errors.mean_absolute),
        "bias_days": resamples.estimate(errors.bias),
    }


def cut(declared: Slice, values: pd.Series) -> tuple[pd.Series, list[str]]:
    """Name the value or band of each row, and list those that occur in the order to show them in.

    Args:
        declared: The slice; with edges a number's bands, without them the most frequent texts.
        values: Value of each row.
    """
    if declared.edges:
        edges = [-np.inf, *declared.edges, np.inf]
        names = [_band(low, high) for low, high in pairwise(edges)]
        numbers = pd.to_numeric(values).astype(float)
        labels = pd.cut(numbers, edges, right=False, labels=names).astype(object).fillna(MISSING)
        names = [*names, MISSING]
    else:
        texts = values.astype(object).where(values.notna(), MISSING).astype(str)
        counts = texts.value_counts()
        order = sorted(counts.index, key=lambda name: (-counts[name], name))
        top = order[: declared.top]
        labels = texts.where(texts.isin(top), OTHER)
        names = [*top, OTHER] if OTHER not in top else top
    present = set(labels)
    return labels, [name for name in names if name in present]


def _band(low: float, high: float) -> str:
    if low == -np.inf:
        return f"below {high:,g}"
    return f"{low:,g} or more" if high == np.inf else f"{low:,g} to {high:,g}"
