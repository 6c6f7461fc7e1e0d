"""A comparison that is kept in MLflow, so that another process can go on with what it chose.

The figures are JSON in the run of the training; the fitted pipeline is Spark's own format in the run of the
chosen candidate. The folds are not kept: the same training data and spec give the same ones anywhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pyspark

from days_to_sell.registry.spark_scratch import handed_over_at, load_pipeline
from days_to_sell.registry.versions import translated
from days_to_sell.spec import Candidate, ModelSpec
from days_to_sell.training.compare import Compared, Prepared, Result
from days_to_sell.training.evaluation import Evaluation
from days_to_sell.training.fitting.candidates import Fitted
from days_to_sell.training.judging.directions import DirectionCheck
from days_to_sell.training.judging.judge import recall

FITTED = "fitted"


@dataclass(frozen=True, eq=False)
class Recalled:
    """A comparison that another process made.

    Args:
        best: The chosen candidate, whose pipeline was loaded.
        baselines: What the candidates were held against.
        evaluations: The figures of all, the chosen candidate's first.
        made: The provenance of the training.
        searched: Whether parameters were searched.
    """

    best: Result
    baselines: tuple[Evaluation, ...]
    evaluations: tuple[Evaluation, ...]
    made: Mapping[str, str]
    searched: bool


def keep(
    compared: Compared, *, made: Mapping[str, str], searched: bool, scratch: str | None = None
) -> dict[str, Any]:
    """Keep the fitted pipeline of the chosen candidate in its run.

    Args:
        compared: What came out.
        made: The provenance of the training.
        searched: Whether parameters were searched.
        scratch: A folder that executors on other machines share, where there are any.

    Returns:
        All else there is to know about the comparison, of JSON's types.
    """
    best = compared.best
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_id=best.run_id, nested=True):
        path = Path(folder) / FITTED
        # Without requirements MLflow would spend half a minute on inferring them.
        requirements = [f"pyspark=={pyspark.__version__}"]
        with handed_over_at(scratch):
            mlflow.spark.save_model(best.model, str(path), pip_requirements=requirements)
        mlflow.log_artifacts(str(path), FITTED)
    return {
        "run_id": best.run_id,
        "reason": best.reason,
        "estimator": best.candidate.estimator,
        "parameters": dict(best.candidate.parameters),
        "directions": [check.to_dict() for check in best.directions],
        "evaluations": [each.to_dict() for each in compared.evaluations],
        "baselines": len(compared.baselines),
        "made": dict(made),
        "searched": searched,
    }


def take_up(
    kept: Mapping[str, Any], spec: ModelSpec, prepared: Prepared, *, scratch: str | None = None
) -> Recalled:
    """Take up a comparison where :func:`keep` left it.

    Args:
        kept: What it returned.
        spec: The model.
        prepared: The folds of the same training data.
        scratch: A folder that executors on other machines share, where there are any.

    Raises:
        RegistryError: The pipeline cannot be had.
    """
    run_id = kept["run_id"]
    with translated(f"the fitted pipeline of run {run_id}"):
        model = load_pipeline(f"runs:/{run_id}/{FITTED}", scratch)
    evaluations = tuple(Evaluation.from_dict(each) for each in kept["evaluations"])
    directions = [DirectionCheck.from_dict(each) for each in kept["directions"]]
    fitted = Fitted(Candidate.of(kept["estimator"], **kept["parameters"]), model, (), 0.0)
    verdict = recall(spec, prepared, model, evaluations[0], directions)
    best = Result(fitted, verdict, verdict.rows(prepared.exam), run_id, kept["reason"])
    baselines = evaluations[len(evaluations) - kept["baselines"] :]
    return Recalled(best, baselines, evaluations, kept["made"], kept["searched"])
