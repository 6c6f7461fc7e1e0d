"""Runs: what MLflow is told of candidates and baselines, so that its tables and charts tell the story."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import mlflow
from mlflow import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from days_to_sell.errors import TrainingError
from days_to_sell.spec import Candidate, ModelSpec
from days_to_sell.training.evaluation import Evaluation, slices_table, to_json, to_table
from days_to_sell.training.judging.judge import Verdict
from days_to_sell.training.preparing.prepare import Prepared

ROLE, CANDIDATE, BASELINE = "role", "candidate", "baseline"
# Without these there is nothing to choose by.
NEEDED = ("c_index", "c_index_ipcw", "integrated_brier", "mae_days")


def in_short(evaluation: Evaluation) -> str:
    """Say the main figures in one line."""
    concordance, score, error = (
        evaluation.metrics[name] for name in ("c_index_ipcw", "integrated_brier", "mae_days")
    )
    return (
        f"{evaluation.name}, concordance {concordance.value:.3f} "
        f"({concordance.low:.3f} to {concordance.high:.3f}), integrated Brier score {score.value:.4f}, "
        f"mean error {error.value:.1f} days"
    )


def log_baseline(evaluation: Evaluation) -> None:
    """Log a baseline to the active run."""
    mlflow.set_tags({ROLE: BASELINE, MLFLOW_RUN_NOTE: _note(evaluation)})
    mlflow.log_param("estimator", evaluation.name)
    _log_figures(evaluation)


def log_candidate(
    spec: ModelSpec, prepared: Prepared, candidate: Candidate, verdict: Verdict, seconds: float
) -> None:
    """Log a fitted candidate to the active run.

    Args:
        spec: The model.
        prepared: Its folds.
        candidate: The candidate, with the parameters that it was fitted with.
        verdict: How it does.
        seconds: What the fit took.

    Raises:
        TrainingError: A figure that the choice is made by is not finite.
    """
    evaluation = verdict.evaluation
    broken = [name for name in NEEDED if not math.isfinite(evaluation.metrics[name].value)]
    if broken:
        raise TrainingError(f"{candidate.title} gives no finite {', '.join(broken)}; look at its parameters")
    note = _note(evaluation, *(f"- {check}" for check in verdict.directions))
    mlflow.set_tags({ROLE: CANDIDATE, "estimator": candidate.estimator, MLFLOW_RUN_NOTE: note})
    # What candidates differ in comes first, what they share after it.
    mlflow.log_params({"estimator": candidate.estimator, **candidate.parameters})
    mlflow.log_params(
        {
            "horizon_days": spec.horizon,
            "features": ", ".join(feature.name for feature in (*spec.features, *spec.crossed)),
            "split": prepared.description,
        }
    )
    _log_figures(evaluation)
    alone = {f"baseline_{name}": prepared.baseline.metrics[name].value for name in ("c_index", "mae_days")}
    moves = {name: value for check in verdict.directions for name, value in check.metrics().items()}
    mlflow.log_metrics(alone | moves | {"fit_seconds": seconds})
    mlflow.log_text(slices_table(evaluation), "evaluation/slices.txt")
    if verdict.directions:
        checks = [check.to_dict() for check in verdict.directions]
        mlflow.log_text(json.dumps(checks, indent=1), "evaluation/directions.json")


def mark(run_id: str, *, chosen: bool, reason: str) -> None:
    """Note on a candidate's run what became of it."""
    client = MlflowClient()
    client.set_tag(run_id, "chosen", "yes" if chosen else "no")
    client.set_tag(run_id, "choice", reason)


def log_comparison(evaluations: Sequence[Evaluation], reasons: Sequence[str]) -> None:
    """Log to the active run how all compare: the first is the chosen candidate, whose figures are its own.

    Args:
        evaluations: Candidates, the chosen one first, and baselines.
        reasons: Why it was chosen and others were not.
    """
    table = to_table(evaluations)
    mlflow.log_metrics(evaluations[0].flat())
    mlflow.log_text(table, "evaluation/table.txt")
    mlflow.log_text(to_json(evaluations), "evaluation/evaluation.json")
    lines = "\n".join(f"- {reason}" for reason in reasons)
    mlflow.set_tag(MLFLOW_RUN_NOTE, f"{lines}\n\n```\n{table}\n```")


def _log_figures(evaluation: Evaluation) -> None:
    mlflow.log_metrics(evaluation.flat() | {"test_rows": float(evaluation.rows)})
    mlflow.log_text(to_json([evaluation]), "evaluation/evaluation.json")


def _note(evaluation: Evaluation, *lines: str) -> str:
    about = [evaluation.note] if evaluation.note else []
    return "\n".join([*about, *lines, "", "```", to_table([evaluation]), "```"])
