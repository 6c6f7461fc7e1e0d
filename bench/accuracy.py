"""How good the candidates are: beside baselines, and beside the best that any model could do.

The generated market knows the true expectation of every advert given what a model may see. Nothing can order
cars better than that; the share of its concordance (less chance) that a candidate reaches is the figure here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from bench.part import Findings, Task, table
from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import Model, find_model
from days_to_sell.training.evaluation import (
    Estimate,
    Evaluation,
    collect,
    evaluate_baselines,
    ratio_to_best,
    slices_table,
    to_table,
)
from days_to_sell.training.fitting.fit import encode, fit_candidate
from days_to_sell.training.fitting.pipeline import reads_one_hot
from days_to_sell.training.judging.choose import choose
from days_to_sell.training.judging.judge import Verdict, judge, unseen
from days_to_sell.training.preparing.prepare import BASELINE_ROWS, Prepared, prepare
from days_to_sell.training.spark.session import start_session

ADVERTS = 200_000
TARGET = 0.95


@dataclass(frozen=True)
class Judged:
    """The candidates of a model and its baselines on one test fold.

    Args:
        title: The model's name for people.
        prepared: Its folds.
        verdicts: How the candidates do, the chosen one first.
        reasons: Why it was chosen and the others were not.
        baselines: How the baselines do.
    """

    title: str
    prepared: Prepared
    verdicts: list[Verdict]
    reasons: tuple[str, ...]
    baselines: list[Evaluation]

    @property
    def evaluations(self) -> list[Evaluation]:
        """Candidates, the chosen one first, then baselines."""
        return [*(verdict.evaluation for verdict in self.verdicts), *self.baselines]

    @property
    def censored(self) -> float:
        """Share of the test rows whose sale was not seen."""
        return 1 - float(self.prepared.exam.outcomes.observed.mean())


def run(task: Task) -> Findings:
    """Judge candidates on a generated market and, where its list is given, on a dealer's stock."""
    spark = start_session("bench-accuracy")
    model = find_model("days_to_sell")
    lake = task.folder / "lake"
    adverts = task.adverts or ADVERTS
    task.report(f"generating {adverts:,} adverts")
    snapshot = model.write_example_lake(lake, data=None, adverts=adverts, seed=20)
    judged = compare(spark, model, lake, task)
    truth = read_truth(lake, snapshot.isoformat())
    ratios = {
        verdict.evaluation.name: ratio_to_best(judged.prepared.exam, verdict.days, truth)
        for verdict in judged.verdicts
    }
    figures: dict[str, Any] = {"adverts": adverts, "days_to_sell": _figures(judged)}
    figures["ratio_to_best"] = {name: _interval(ratio) for name, ratio in ratios.items()}
    lines = [*_lines(judged), "", *_ratio_lines(ratios)]
    if task.data is not None:
        stock = _dealer_stock(spark, task, task.data)
        figures["dealer_stock"] = _figures(stock)
        lines += ["", *_lines(stock)]
    return Findings(figures, lines, missed_by(ratios))


def missed_by(ratios: Mapping[str, Estimate]) -> tuple[str, ...]:
    """Say by how much the best candidate misses the target; nothing where its interval lies above it."""
    best = max(ratios, key=lambda name: ratios[name].value)
    low = ratios[best].low
    return () if low >= TARGET else (f"the ratio of {best} is surely above {low:.3f} only, not {TARGET}",)


def compare(spark: SparkSession, model: Model, lake: Path, task: Task) -> Judged:
    """Fit the candidates of a model as training does, and have them and the baselines sit one exam."""
    spec = model.spec
    target = str(task.folder / "training-data")
    training = build_training_set(spark, model, lake=str(lake), target=target, report=task.report)
    prepared = prepare(spec, training.frame, training.tables)
    encodings = encode(spec, spec.candidates, prepared.fit, prepared.calibrate)
    vectors = {one_hot: unseen(spec, prepared, encoded) for one_hot, encoded in encodings.items()}
    verdicts = []
    for candidate in spec.candidates:
        task.report(f"fitting {candidate.title} of {model.folder}")
        one_hot = reads_one_hot(candidate)
        fitted = fit_candidate(spec, candidate, encodings[one_hot])
        tail = fitted.stages[len(encodings[one_hot].stages) :]
        verdicts.append(judge(spec, prepared, candidate.title, tail, vectors[one_hot]))
    task.report(f"fitting the baselines of {model.folder}")
    baselines = evaluate_baselines(prepared.exam, collect(prepared.fit, spec, at_most=BASELINE_ROWS))
    choice = choose(verdicts)
    ordered = [verdicts[position] for position in choice.order]
    return Judged(spec.title, prepared, ordered, choice.reasons, baselines)


def read_truth(lake: Path, snapshot: str) -> pd.Series:
    """Read the true expected days of each row of the training frame."""
    truth = pd.read_parquet(lake / "_truth" / f"snapshot_date={snapshot}")
    return truth.set_index("row_id")["expected_days"]


def _dealer_stock(spark: SparkSession, task: Task, data: Path) -> Judged:
    model = find_model("dealer_stock")
    lake = task.folder / "stock"
    model.write_example_lake(lake, data=data, adverts=0, seed=0)
    return compare(spark, model, lake, task)


def _lines(judged: Judged) -> list[str]:
    chosen = judged.verdicts[0]
    return [
        f"{judged.title}: {len(judged.prepared.exam.rows):,} test rows, {judged.censored:.0%} censored; "
        f"split {judged.prepared.description}",
        to_table(judged.evaluations),
        "",
        *judged.reasons,
        *(str(check) for check in chosen.directions),
        "",
        slices_table(chosen.evaluation),
    ]


def _ratio_lines(ratios: Mapping[str, Estimate]) -> list[str]:
    rows = [
        (name, f"{each.value:.3f}", f"{each.low:.3f} to {each.high:.3f}") for name, each in ratios.items()
    ]
    return table(("(concordance - 1/2) over that of the truth", "ratio", "95 % interval"), rows)


def _figures(judged: Judged) -> dict[str, Any]:
    return {
        "split": judged.prepared.description,
        "test_rows": len(judged.prepared.exam.rows),
        "censored_share": round(judged.censored, 4),
        "evaluations": [evaluation.to_dict() for evaluation in judged.evaluations],
    }


def _interval(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
