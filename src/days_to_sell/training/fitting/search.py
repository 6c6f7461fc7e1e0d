"""Hyperparameter search: a candidate's grid, tried on a validation fold cut from the fit fold.

Sellers and dates are held out of the fit fold as they are of all data for testing, so that a search sees
nothing of the test fold. A trial is judged by the mean squared error of its calibrated days, weighted for
censoring, which the true expected days minimise (Molinaro, Dudoit and van der Laan, 2004).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import mlflow
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.param import Param
from pyspark.ml.tuning import ParamGridBuilder
from pyspark.sql import DataFrame

from days_to_sell.errors import HorizonError, SpecError
from days_to_sell.spec import PREDICTION, Candidate, ModelSpec
from days_to_sell.spec.candidates import Parameter
from days_to_sell.training.columns import FEATURES, TARGET, WEIGHT
from days_to_sell.training.fitting.fit import Encoded, calibrated, encode
from days_to_sell.training.fitting.pipeline import build_estimator, reads_one_hot
from days_to_sell.training.preparing.censoring import with_weights
from days_to_sell.training.preparing.folds import split
from days_to_sell.training.preparing.order import in_order, keep
from days_to_sell.training.preparing.prepare import Prepared

Progress = Callable[[str], None]
ERROR = "validation_rmse_days"
LEAST_AT_RISK = 1e-6
Grid = list[dict[Param[Parameter], Parameter]]


@dataclass(frozen=True, eq=False)
class Ground:
    """Where candidates are tried.

    Args:
        encodings: The inner folds as vectors, one-hot (True) and in buckets (False).
        validations: The validation fold likewise.
        description: How the validation fold was cut from the fit fold.
    """

    encodings: Mapping[bool, Encoded]
    validations: Mapping[bool, DataFrame]
    description: str


@dataclass(frozen=True)
class Trial:
    """One combination of parameters and how it did.

    Args:
        parameters: The combination.
        error: Root of the weighted mean squared error on the validation fold, in days.
    """

    parameters: Mapping[str, Parameter]
    error: float


def clear_ground(spec: ModelSpec, candidates: Sequence[Candidate], prepared: Prepared) -> Ground:
    """Cut the fit fold in two, to fit trials on and to validate them on; the calibration fold stays whole.

    Where listings before an earlier day are not followed up to the horizon, groups alone are held out.

    Args:
        spec: The model.
        candidates: What is to be tried.
        prepared: The folds.

    Raises:
        SpecError: An estimator has no parameter that is searched.
    """
    for candidate in candidates:
        _grid(build_estimator(spec, candidate), candidate)
    fit = prepared.fit.drop(TARGET, WEIGHT)
    try:
        inner, validate, description = _cut(spec, fit)
    except HorizonError:
        # That the horizon is supported is known of all folds; what is left of one need not show it again.
        inner, validate, description = _cut(replace(spec, time=None, at_risk=LEAST_AT_RISK), fit)
    encodings = encode(spec, candidates, inner, prepared.calibrate)
    validations = {
        one_hot: keep(
            PipelineModel(stages=list(encoded.stages)).transform(validate).select(FEATURES, TARGET, WEIGHT)
        )
        for one_hot, encoded in encodings.items()
    }
    return Ground(encodings, validations, description)


def _cut(spec: ModelSpec, fit: DataFrame) -> tuple[DataFrame, DataFrame, str]:
    folds = split(spec, fit, salt="search")
    inner, validate = folds.fit.unionByName(folds.calibrate), folds.test
    return (
        in_order(with_weights(inner, spec, "search"), spec),
        in_order(with_weights(validate, spec, "validation"), spec),
        folds.description,
    )


def search(spec: ModelSpec, candidate: Candidate, ground: Ground, report: Progress = print) -> Candidate:
    """Try a candidate's grid, each combination in a run nested in the active one.

    Args:
        spec: The model.
        candidate: The candidate; one without a grid comes back as it is.
        ground: Where it is tried.
        report: Takes a line a trial.

    Returns:
        The candidate with the parameters of the best trial; of equally good ones the first.
    """
    if not candidate.trials:
        return candidate
    trials = []
    started = time.monotonic()
    for number, trial in enumerate(_try_all(spec, candidate, ground), start=1):
        seconds, started = time.monotonic() - started, time.monotonic()
        shown = ", ".join(f"{name}={value}" for name, value in trial.parameters.items())
        with mlflow.start_run(run_name=f"{candidate.title}: {shown}", nested=True):
            mlflow.set_tags({"role": "trial", "estimator": candidate.estimator})
            mlflow.log_params(dict(trial.parameters))
            mlflow.log_metrics({ERROR: trial.error, "fit_seconds": seconds})
        report(
            f"  {candidate.title}, trial {number} of {candidate.trials}: {shown}: "
            f"error {trial.error:.2f} days (root mean square), {seconds:.0f} s"
        )
        trials.append(trial)
    best = min(trials, key=lambda trial: trial.error)
    mlflow.log_metric(ERROR, best.error)
    mlflow.set_tags({"search.trials": len(trials), "search.folds": ground.description})
    return candidate.with_parameters(best.parameters)


def _try_all(spec: ModelSpec, candidate: Candidate, ground: Ground) -> Iterator[Trial]:
    one_hot = reads_one_hot(candidate)
    encoded, validation = ground.encodings[one_hot], ground.validations[one_hot]
    evaluator = RegressionEvaluator(
        metricName="rmse", labelCol=TARGET, weightCol=WEIGHT, predictionCol=PREDICTION
    )
    estimator = build_estimator(spec, candidate)
    grid = _grid(estimator, candidate)
    fitted: Iterator[tuple[int, Transformer]] = estimator.fitMultiple(encoded.fit, grid)
    for number, model in fitted:
        scored = PipelineModel(stages=calibrated(spec, model, encoded)).transform(validation)
        parameters = {param.name: value for param, value in grid[number].items()}
        yield Trial(parameters, evaluator.evaluate(scored))


def _grid(estimator: object, candidate: Candidate) -> Grid:
    builder = ParamGridBuilder()
    for name, values in candidate.search.items():
        param = getattr(estimator, name, None)
        if not isinstance(param, Param):
            raise SpecError(
                f"candidate {candidate.estimator!r} searches {name!r}, which is no parameter of it; "
                "look the name up in pyspark.ml.regression"
            )
        builder.addGrid(param, list(values))
    grid: Grid = builder.build()
    return grid
