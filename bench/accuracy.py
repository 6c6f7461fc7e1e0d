"""How good the candidates are: beside baselines, and beside the best that any model could do.

The generated market knows the true expectation of every advert given what a model may see. Nothing can order
cars better than that; the share of its concordance (less chance) that a candidate reaches is the figure here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from bench.part import Findings, Task, table
from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import Model, find_model
from days_to_sell.spec import PREDICTION
from days_to_sell.training.compare import prepare
from days_to_sell.training.evaluation import (
    Estimate,
    Evaluation,
    Exam,
    collect,
    evaluate_baselines,
    predict,
    ratio_to_best,
    slices_table,
    to_table,
)
from days_to_sell.training.fit import encode, fit_candidate
from days_to_sell.training.pipeline import reads_one_hot
from days_to_sell.training.session import start_session

ADVERTS = 200_000
TARGET = 0.95
BASELINE_ROWS = 200_000


@dataclass(frozen=True)
class Judged:
    """The candidates of a model and its baselines on one test fold.

    Args:
        exam: The fold.
        description: How the folds were made.
        censored: Share of its rows whose sale was not seen.
        predictions: Candidate to its rows of the fold, with ``days``.
        evaluations: Candidates, then baselines.
    """

    exam: Exam
    description: str
    censored: float
    predictions: dict[str, pd.DataFrame]
    evaluations: list[Evaluation]


def run(task: Task) -> Findings:
    """Judge candidates on a generated market and, where its list is given, on a dealer's stock."""
    spark = start_session("bench-accuracy")
    model = find_model("days_to_sell")
    lake = task.folder / "lake"
    adverts = task.adverts or ADVERTS
    task.report(f"generating {adverts:,} adverts")
    snapshot = model.write_example_lake(lake, data=None, adverts=adverts, seed=20)
    judged = judge(spark, model, lake, task)
    truth = read_truth(lake, snapshot.isoformat())
    ratios = {
        name: ratio_to_best(judged.exam, rows[PREDICTION].to_numpy(), truth)
        for name, rows in judged.predictions.items()
    }
    best = max(ratios, key=lambda name: ratios[name].value)
    figures: dict[str, Any] = {"adverts": adverts, "days_to_sell": _figures(judged)}
    figures["ratio_to_best"] = {name: _interval(ratio) for name, ratio in ratios.items()}
    lines = [*_lines(judged), "", *_ratio_lines(ratios)]
    if task.data is not None:
        stock = _dealer_stock(spark, task, task.data)
        figures["dealer_stock"] = _figures(stock)
        lines += ["", *_lines(stock)]
    low = ratios[best].low
    missed = () if low >= TARGET else (f"the ratio of {best} is at least {low:.3f}, short of {TARGET}",)
    return Findings(figures, lines, missed)


def judge(spark: SparkSession, model: Model, lake: Path, task: Task) -> Judged:
    """Fit the candidates of a model as training does, and have them and the baselines sit one exam."""
    spec = model.spec
    target = str(task.folder / "training-data")
    training = build_training_set(spark, model, lake=str(lake), target=target, report=task.report)
    prepared = prepare(spec, training.frame, training.tables)
    exam = Exam.of(spec, collect(prepared.test, spec))
    encodings = encode(spec, spec.candidates, prepared.fit, prepared.calibrate)
    predictions: dict[str, pd.DataFrame] = {}
    evaluations: list[Evaluation] = []
    for candidate in spec.candidates:
        task.report(f"fitting {candidate.estimator} of {model.folder}")
        fitted = fit_candidate(spec, candidate, encodings[reads_one_hot(candidate)])
        rows = predict(fitted, prepared.test, spec)
        calibration = predict(fitted, prepared.calibrate, spec)
        predictions[candidate.estimator] = rows
        evaluations.append(exam.sit_model(candidate.estimator, rows, calibration, slices=True))
    task.report(f"fitting the baselines of {model.folder}")
    evaluations += evaluate_baselines(exam, collect(prepared.fit, spec, at_most=BASELINE_ROWS))
    censored = 1 - float(exam.outcomes.observed.mean())
    return Judged(exam, prepared.description, censored, predictions, evaluations)


def read_truth(lake: Path, snapshot: str) -> pd.Series:
    """Read the true expected days by the advert that a training row is named after."""
    truth = pd.read_parquet(lake / "_truth" / f"snapshot_date={snapshot}")
    return truth.set_index("advert_id")["expected_days"]


def _dealer_stock(spark: SparkSession, task: Task, data: Path) -> Judged:
    model = find_model("dealer_stock")
    lake = task.folder / "stock"
    model.write_example_lake(lake, data=data, adverts=0, seed=0)
    return judge(spark, model, lake, task)


def _lines(judged: Judged) -> list[str]:
    spec = judged.exam.spec
    candidates = judged.evaluations[: len(judged.predictions)]
    best = max(candidates, key=lambda each: each.metrics["c_index_ipcw"].value)
    return [
        f"{spec.title}: {len(judged.exam.rows):,} test rows, {judged.censored:.0%} censored; "
        f"split {judged.description}",
        to_table(judged.evaluations),
        f"slices of {best.name}",
        slices_table(best),
    ]


def _ratio_lines(ratios: dict[str, Estimate]) -> list[str]:
    rows = [
        (name, f"{each.value:.3f}", f"{each.low:.3f} to {each.high:.3f}") for name, each in ratios.items()
    ]
    return table(("(concordance - 1/2) over that of the truth", "ratio", "95 % interval"), rows)


def _figures(judged: Judged) -> dict[str, Any]:
    return {
        "split": judged.description,
        "test_rows": len(judged.exam.rows),
        "censored_share": round(judged.censored, 4),
        "evaluations": [evaluation.to_dict() for evaluation in judged.evaluations],
    }


def _interval(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
