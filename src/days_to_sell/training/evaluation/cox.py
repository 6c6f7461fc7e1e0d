"""A Cox model from lifelines on the spec's features: an outside check on the same split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, Bucketed, Category, ModelSpec
from days_to_sell.training.evaluation.curves import Curve, Floats

if TYPE_CHECKING:
    from lifelines import CoxPHFitter

AT_MOST, SEED = 20_000, 20
PENALTY = 0.01
LEAST_SHARE = 0.003
"""A value rarer than this among the rows is pooled with the other rare ones."""


@dataclass(frozen=True, eq=False)
class ProportionalHazards:
    """S(t | x) = S0(t) ** risk(x) (Cox, 1972).

    Args:
        base: S0.
        risk: Relative hazard of each row.
    """

    base: Curve
    risk: Floats

    def at(self, times: Floats) -> Floats:
        """Give each row's P(T > t)."""
        return self.base.at(times) ** self.risk[:, None]

    def restricted_mean(self, horizon: float) -> Floats:
        """Give each row's E[min(T, horizon)], the area under its curve."""
        inside = self.base.times < horizon
        widths = np.diff(np.concatenate([[0.0], self.base.times[inside], [horizon]]))
        shares = np.concatenate([[1.0], self.base.shares[inside]])
        return (shares ** self.risk[:, None]) @ widths


@dataclass(frozen=True, eq=False)
class CoxModel:
    """A fitted Cox model.

    Args:
        design: How rows become numbers.
        fitter: The model of lifelines.
        note: What it was fitted on.
    """

    design: Design
    fitter: CoxPHFitter
    note: str

    def survival(self, rows: pd.DataFrame) -> ProportionalHazards:
        """Predict rows with the spec's features."""
        base = self.fitter.baseline_survival_.iloc[:, 0]
        risk = self.fitter.predict_partial_hazard(self.design.matrix(rows)).to_numpy()
        return ProportionalHazards(Curve(base.index.to_numpy(dtype=float), base.to_numpy()), risk)


@dataclass(frozen=True, eq=False)
class Design:
    """How rows become numbers: numbers scaled, buckets and texts one-hot, rare values in one.

    Args:
        spec: The model, for its features.
        levels: Feature to the values or bands told apart; the rest is the reference.
        centre, scale: Of the features that are used as numbers.
    """

    spec: ModelSpec
    levels: dict[str, tuple[str, ...]]
    centre: dict[str, float]
    scale: dict[str, float]

    @classmethod
    def of(cls, spec: ModelSpec, rows: pd.DataFrame) -> Design:
        """Learn values and scales from the rows to fit on."""
        levels, centre, scale = {}, {}, {}
        for feature in spec.features:
            if isinstance(feature, Category | Bucketed):
                counts = _texts(feature, rows).value_counts(normalize=True)
                # The most frequent one is the reference, or the columns of a feature would sum to one.
                levels[feature.name] = tuple(sorted(counts.index[1:][counts.iloc[1:] >= LEAST_SHARE]))
            else:
                numbers = rows[feature.name].astype(float)
                centre[feature.name], scale[feature.name] = float(numbers.mean()), float(numbers.std()) or 1.0
        return cls(spec, levels, centre, scale)

    def matrix(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give one column a number, and one a value that is told apart."""
        columns: dict[str, Floats] = {}
        for feature in self.spec.features:
            name = feature.name
            if isinstance(feature, Category | Bucketed):
                texts = _texts(feature, rows)
                columns |= {
                    f"{name}={level}": (texts == level).to_numpy(float) for level in self.levels[name]
                }
            else:
                columns[name] = (rows[name].to_numpy(float) - self.centre[name]) / self.scale[name]
        return pd.DataFrame(columns, index=rows.index)


def fit_cox(spec: ModelSpec, rows: pd.DataFrame, *, at_most: int = AT_MOST) -> CoxModel:
    """Fit a Cox model, lightly penalised, with Efron's handling of ties.

    Args:
        spec: The model, for its features.
        rows: The fit fold as collected.
        at_most: Rows to fit on; a seeded sample where there are more.
    """
    used = rows.sort_values(ROW_ID)
    if len(used) > at_most:
        used = used.sample(at_most, random_state=SEED)
    design = Design.of(spec, used)
    matrix = design.matrix(used)
    matrix = matrix.assign(**{DURATION: used[DURATION], OBSERVED: used[OBSERVED]})
    # It takes a second to import, and only a fit needs it.
    from lifelines import CoxPHFitter

    fitter = CoxPHFitter(penalizer=PENALTY).fit(matrix, DURATION, OBSERVED)
    note = f"fitted on {len(used):,} of {len(rows):,} rows" if len(used) < len(rows) else ""
    return CoxModel(design, fitter, note)


def _texts(feature: Category | Bucketed, rows: pd.DataFrame) -> pd.Series:
    if isinstance(feature, Bucketed):
        bucket = np.searchsorted(feature.splits, rows[feature.name].to_numpy(float), side="right")
        return pd.Series(np.where(rows[feature.name].isna(), "missing", bucket.astype(str)), index=rows.index)
    return rows[feature.name].astype(object).where(rows[feature.name].notna(), "missing").astype(str)
