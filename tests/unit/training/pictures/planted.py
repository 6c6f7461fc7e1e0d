"""A test fold and figures of it that are small enough to be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from days_to_sell.spec import Bucketed, Candidate, Category, Column, Judgement, ModelSpec, Number, Ratio
from days_to_sell.training.evaluation import Estimate, Evaluation, Exam, SliceResult

SPEC = ModelSpec(
    name="planted",
    title="Planted",
    description="Expected days until what was planted sells",
    sources=(),
    horizon=90,
    group="seller",
    inputs=(Column("price", "double", "GBP"), Column("valuation", "double", "GBP")),
    features=(
        Number("ratio", Ratio("price", "valuation")),
        Bucketed("mileage", (10_000, 50_000), unit="miles"),
        Category("make"),
        Category("model"),
    ),
    candidates=(Candidate.of("AFTSurvivalRegression"),),
    judgement=Judgement(curves=("ratio", "mileage")),
)
SELLERS = 40


def fold(count: int = 200, seed: int = 3) -> pd.DataFrame:
    """Make derived rows that sell after a hundred times their ratio less 60 days, whatever else they are."""
    random = np.random.default_rng(seed)
    model = random.choice(["A1", "A2", "B1"], count)
    ratio = random.uniform(0.7, 1.3, count)
    days = 100 * ratio - 60
    return pd.DataFrame(
        {
            "row_id": [f"r{number:04}" for number in range(count)],
            "seller": [f"s{number % SELLERS}" for number in range(count)],
            "ratio": ratio,
            "mileage": np.where(random.random(count) < 0.1, np.nan, random.uniform(0, 90_000, count)),
            "make": [name[0] for name in model],
            "model": model,
            "duration": days,
            "observed": 1.0,
            "days": days,
        }
    )


def estimate(value: float, low: float, high: float) -> Estimate:
    """Make a figure with an interval."""
    return Estimate(value, low, high, np.array([low, high]))


def sliced(column: str, value: str, bias: tuple[float, float, float], rows: int = 100) -> SliceResult:
    """Make a slice with a mean absolute error of 10 days and this bias."""
    metrics = {"mae_days": estimate(10.0, 8.0, 12.0), "bias_days": estimate(*bias)}
    return SliceResult(column, value, rows, rows, metrics)


def examined(rows: pd.DataFrame) -> tuple[Exam, Evaluation]:
    """Have the planted predictions sit the exam."""
    exam = Exam.of(SPEC, rows, replicates=40)
    return exam, exam.sit_model("Planted", rows, rows)
