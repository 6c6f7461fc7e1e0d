"""The comparison: every candidate fitted, judged and logged to MLflow, and one of them chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import mlflow
import pandas as pd
from pyspark.ml import PipelineModel

from days_to_sell.spec import PREDICTION, Candidate, ModelSpec
from days_to_sell.training import runs
from days_to_sell.training.choose import choose
from days_to_sell.training.directions import DirectionCheck
from days_to_sell.training.evaluation import AcceleratedLife, Evaluation, collect
from days_to_sell.training.evaluation.baselines import by_segment, cox
from days_to_sell.training.fit import Encoded, encode, fit_candidate
from days_to_sell.training.judge import Verdict, judge, unseen
from days_to_sell.training.pictures.album import log_pictures, pictures_of_candidate
from days_to_sell.training.pipeline import reads_one_hot
from days_to_sell.training.prepare import BASELINE_ROWS, Prepared, prepare
from days_to_sell.training.search import clear_ground, search

__all__ = ["Prepared", "Result", "compare_baselines", "compare_candidates", "prepare"]

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Result:
    """One candidate, fitted and judged on the test fold.

    Args:
        candidate: The candidate, with the parameters that it was fitted with.
        model: The pipeline from derived columns to ``days``.
        verdict: How it does.
        rows: The test fold with its predictions, in the order of the exam.
        run_id: Its run.
        reason: Why it was chosen, or was not.
    """

    candidate: Candidate
    model: PipelineModel
    verdict: Verdict
    rows: pd.DataFrame
    run_id: str
    reason: str = ""

    @property
    def evaluation(self) -> Evaluation:
        """The figures on the test fold."""
        return self.verdict.evaluation

    @property
    def directions(self) -> tuple[DirectionCheck, ...]:
        """What came of raising the numbers that the spec names."""
        return self.verdict.directions

    @property
    def predicted(self) -> AcceleratedLife:
        """The predicted distribution of the rows of the exam."""
        return self.verdict.predicted


def compare_baselines(
    spec: ModelSpec, prepared: Prepared, *, tags: Mapping[str, str], report: Progress = print
) -> list[Evaluation]:
    """Have the baselines sit the exam, each in a run of its own, nested in the active one.

    Args:
        spec: The model.
        prepared: Its folds.
        tags: Tags that every run gets, such as the digest of the data.
        report: Takes lines of progress.
    """
    train = collect(prepared.fit, spec, at_most=BASELINE_ROWS)
    segments = [by_segment(prepared.exam, train)] if spec.judgement.segment else []
    baselines = [prepared.baseline, *segments, cox(prepared.exam, train)]
    for baseline in baselines:
        with mlflow.start_run(run_name=baseline.name, nested=True, tags=dict(tags)):
            runs.log_baseline(baseline)
        report(f"baseline {runs.in_short(baseline)}")
    return baselines


def compare_candidates(
    spec: ModelSpec,
    prepared: Prepared,
    *,
    tags: Mapping[str, str],
    candidates: Sequence[Candidate] | None = None,
    searching: bool = False,
    report: Progress = print,
) -> list[Result]:
    """Fit, judge and log each candidate in a run of its own, nested in the active one, and choose.

    Args:
        spec: The model.
        prepared: Its folds.
        tags: Tags that every run gets, such as the digest of the data.
        candidates: What to fit; the spec's when not given.
        searching: Whether to search for parameters, where candidates say among which.
        report: Takes lines of progress.

    Returns:
        The results, the chosen one first.

    Raises:
        TrainingError: A candidate has no finite figures, or none keeps the declared directions.
    """
    chosen = candidates or spec.candidates
    encodings = encode(spec, chosen, prepared.fit, prepared.calibrate)
    vectors = {one_hot: unseen(spec, prepared, encoded) for one_hot, encoded in encodings.items()}
    ground = clear_ground(spec, chosen, prepared) if searching else None
    results = []
    for number, candidate in enumerate(chosen, start=1):
        started = time.monotonic()
        with mlflow.start_run(run_name=candidate.title, nested=True, tags=dict(tags)) as run:
            searched = search(spec, candidate, ground, report) if ground else candidate
            one_hot = reads_one_hot(candidate)
            model, seconds = _fit(spec, searched, encodings[one_hot])
            tail = model.stages[len(encodings[one_hot].stages) :]
            verdict = judge(spec, prepared, candidate.title, tail, vectors[one_hot])
            rows = prepared.exam.rows.assign(**{PREDICTION: verdict.days})
            runs.log_candidate(spec, prepared, searched, verdict, seconds)
            log_pictures(pictures_of_candidate(spec, verdict.evaluation, rows, verdict.predicted))
        results.append(Result(searched, model, verdict, rows, run.info.run_id))
        took = time.monotonic() - started
        report(f"candidate {number} of {len(chosen)}: {runs.in_short(verdict.evaluation)}, {took:.0f} s")
    for frame in vectors.values():
        frame.unpersist()
    return _choose(results, report)


def _fit(spec: ModelSpec, candidate: Candidate, encoded: Encoded) -> tuple[PipelineModel, float]:
    """Fit a candidate, and say how many seconds that took."""
    started = time.monotonic()
    return fit_candidate(spec, candidate, encoded), time.monotonic() - started


def _choose(results: Sequence[Result], report: Progress) -> list[Result]:
    choice = choose(results)
    ordered = [
        replace(results[position], reason=reason)
        for position, reason in zip(choice.order, choice.reasons, strict=True)
    ]
    for result in ordered:
        runs.mark(result.run_id, chosen=result is ordered[0], reason=result.reason)
        report(result.reason)
    return ordered
