"""The comparison: every candidate fitted, measured and logged to MLflow, and the best of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import mlflow
import numpy as np
import pandas as pd
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from days_to_sell.errors import TrainingError
from days_to_sell.spec import PREDICTION, Candidate, ModelSpec
from days_to_sell.training import plots
from days_to_sell.training.censoring import with_weights
from days_to_sell.training.derive import derive, require_complete
from days_to_sell.training.evaluate import Metrics, collect, kaplan_meier_days, measure, predict
from days_to_sell.training.fit import encode, fit_candidate, in_order
from days_to_sell.training.folds import split
from days_to_sell.training.pipeline import reads_one_hot

Tables = Mapping[str, Mapping[str, str]]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """The folds, derived, weighted and in order, with what the baseline needs.

    Args:
        fit, calibrate, test: Frames ready to be fitted and scored.
        description: How the folds were made.
        baseline_days: Expected days of any row, by Kaplan-Meier.
        baseline: How good that constant is on the test fold.
    """

    fit: DataFrame
    calibrate: DataFrame
    test: DataFrame
    description: str
    baseline_days: float
    baseline: Metrics


@dataclass(frozen=True)
class Result:
    """One candidate, fitted and measured on the test fold."""

    candidate: Candidate
    model: PipelineModel
    metrics: Metrics
    run_id: str


def prepare(spec: ModelSpec, frame: DataFrame, tables: Tables) -> Prepared:
    """Split a training frame and make its folds ready.

    Raises:
        HorizonError: A fold is not followed up to the horizon.
        TrainingError: A fold is empty, or a row lacks a number that the pipeline cannot do without.
    """
    derived = derive(frame, spec, tables)
    require_complete(derived, spec)
    folds = split(spec, derived)
    ready = {
        name: in_order(with_weights(part, spec, name), spec)
        for name, part in (("fit", folds.fit), ("calibrate", folds.calibrate), ("test", folds.test))
    }
    fit, test = collect(ready["fit"]), collect(ready["test"])
    days = kaplan_meier_days(fit, spec.horizon)
    baseline = measure(test, np.full(len(test), days))
    return Prepared(**ready, description=folds.description, baseline_days=days, baseline=baseline)


def compare_candidates(
    spec: ModelSpec,
    prepared: Prepared,
    *,
    tags: Mapping[str, str],
    candidates: Sequence[Candidate] | None = None,
    report: Progress = print,
) -> list[Result]:
    """Fit, measure and log each candidate in a run of its own, nested in the active one.

    Args:
        spec: The model.
        prepared: Its folds.
        tags: Tags that every run gets, such as the digest of the data.
        candidates: What to fit; the spec's when not given.
        report: Takes lines of progress.

    Returns:
        The results, the most concordant first.
    """
    chosen = candidates or spec.candidates
    encodings = encode(spec, chosen, prepared.fit, prepared.calibrate)
    results = []
    for number, candidate in enumerate(chosen, start=1):
        started = time.monotonic()
        with mlflow.start_run(run_name=candidate.estimator, nested=True, tags=dict(tags)) as run:
            model = fit_candidate(spec, candidate, encodings[reads_one_hot(candidate)])
            rows = predict(model, prepared.test)
            metrics = measure(rows, rows[PREDICTION].to_numpy())
            _log(spec, candidate, prepared, metrics, rows)
            results.append(Result(candidate, model, metrics, run.info.run_id))
        report(
            f"candidate {number} of {len(chosen)}: {candidate.estimator}, concordance {metrics.c_index:.3f}, "
            f"mean error {metrics.mae_days:.1f} days, {time.monotonic() - started:.0f} s"
        )
    return sorted(results, key=lambda result: (-result.metrics.c_index, result.metrics.mae_days))


def _log(
    spec: ModelSpec, candidate: Candidate, prepared: Prepared, metrics: Metrics, rows: pd.DataFrame
) -> None:
    baseline = {f"baseline_{name}": value for name, value in asdict(prepared.baseline).items()}
    values = asdict(metrics) | baseline
    broken = [name for name, value in values.items() if not np.isfinite(value)]
    if broken:
        raise TrainingError(
            f"{candidate.estimator} gives no finite {', '.join(broken)}; look at its parameters"
        )
    mlflow.log_params(
        {
            "estimator": candidate.estimator,
            **candidate.parameters,
            "horizon_days": spec.horizon,
            "features": ", ".join(feature.name for feature in spec.features),
            "split": prepared.description,
        }
    )
    mlflow.log_metrics(values | {"test_rows": float(len(rows))})
    mlflow.log_figure(plots.calibration(rows, candidate.estimator), "plots/calibration.png")
    survival = plots.survival_by_prediction(rows, candidate.estimator, spec.horizon)
    mlflow.log_figure(survival, "plots/survival.png")
