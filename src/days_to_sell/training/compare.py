"""The comparison: every candidate fitted, judged and logged to MLflow, and one of them chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import mlflow
import pandas as pd
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from days_to_sell.spec import Candidate, ModelSpec
from days_to_sell.training import runs
from days_to_sell.training.evaluation import AcceleratedLife, Evaluation, collect, to_table
from days_to_sell.training.evaluation.baselines import by_segment, cox
from days_to_sell.training.fitting.candidates import Fitted, fitting
from days_to_sell.training.fitting.fit import encode
from days_to_sell.training.fitting.pipeline import reads_one_hot
from days_to_sell.training.fitting.search import clear_ground
from days_to_sell.training.judging.choose import choose
from days_to_sell.training.judging.directions import DirectionCheck
from days_to_sell.training.judging.judge import Verdict, judge, unseen
from days_to_sell.training.pictures.album import log_pictures, pictures_of_candidate
from days_to_sell.training.preparing.prepare import BASELINE_ROWS, Prepared, prepare

__all__ = [
    "Compared",
    "Comparison",
    "Prepared",
    "Result",
    "compare",
    "compare_baselines",
    "compare_candidates",
    "prepare",
]

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Result:
    """One candidate, fitted and judged on the test fold.

    Args:
        fitted: The candidate and its model.
        verdict: How it does.
        rows: The test fold with its predictions, in the order of the exam.
        run_id: Its run.
        reason: Why it was chosen, or was not.
    """

    fitted: Fitted
    verdict: Verdict
    rows: pd.DataFrame
    run_id: str
    reason: str = ""

    @property
    def candidate(self) -> Candidate:
        """The candidate, with the parameters that it was fitted with."""
        return self.fitted.candidate

    @property
    def model(self) -> PipelineModel:
        """The pipeline from derived columns to ``days``."""
        return self.fitted.model

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


class Compared(Protocol):
    """What becomes of a comparison: one that was made here, and one that another process made."""

    @property
    def best(self) -> Result:
        """The chosen candidate."""

    @property
    def baselines(self) -> tuple[Evaluation, ...]:
        """What the candidates are held against."""

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """The figures of all, the chosen candidate's first."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Everybody who sat one exam.

    Args:
        results: The candidates, the chosen one first.
        baselines: What they are held against: overall, by segment where the spec names one, and Cox.
    """

    results: tuple[Result, ...]
    baselines: tuple[Evaluation, ...]

    @property
    def best(self) -> Result:
        """The chosen candidate."""
        return self.results[0]

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """The figures of all, the chosen candidate's first."""
        return (*(result.evaluation for result in self.results), *self.baselines)


def compare(
    spec: ModelSpec,
    prepared: Prepared,
    *,
    tags: Mapping[str, str],
    searching: bool = False,
    report: Progress = print,
) -> Comparison:
    """Compare all candidates of the spec and the baselines, and log to the active run how they do.

    Args:
        spec: The model.
        prepared: Its folds.
        tags: Tags that every run gets, such as the digest of the data.
        searching: Whether to search for parameters, where candidates say among which.
        report: Takes lines of progress.

    Raises:
        TrainingError: A candidate has no finite figures, or none keeps the declared directions.
    """
    trials = sum(candidate.trials for candidate in spec.candidates)
    if trials and not searching:
        report(f"candidates take the parameters of the spec; --search tries {trials} combinations")
    with _contest(spec, prepared, spec.candidates, searching, report) as contest:
        baselines = compare_baselines(spec, prepared, tags=tags, report=report)
        results = _judge_all(spec, prepared, contest, tags, report)
    compared = Comparison(tuple(results), tuple(baselines))
    runs.log_comparison(compared.evaluations, [result.reason for result in results])
    mlflow.set_tags({**tags, "best": compared.best.candidate.estimator})
    report(to_table(compared.evaluations))
    return compared


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
    with _contest(spec, prepared, candidates or spec.candidates, searching, report) as contest:
        return _judge_all(spec, prepared, contest, tags, report)


@dataclass(frozen=True, eq=False)
class _Contest:
    """Candidates that are being fitted.

    Args:
        candidates: Who they are.
        fits: Waits for each of them.
        vectors: What they are judged on, one-hot (True) and in buckets (False).
    """

    candidates: Sequence[Candidate]
    fits: Sequence[Callable[[], Fitted]]
    vectors: Mapping[bool, DataFrame]


@contextmanager
def _contest(
    spec: ModelSpec, prepared: Prepared, candidates: Sequence[Candidate], searching: bool, report: Progress
) -> Iterator[_Contest]:
    """Begin to fit candidates, so that there is time for other work until the first is there."""
    encodings = encode(spec, candidates, prepared.fit, prepared.calibrate)
    vectors = {one_hot: unseen(spec, prepared, encoded) for one_hot, encoded in encodings.items()}
    ground = clear_ground(spec, candidates, prepared) if searching else None
    with fitting(spec, candidates, encodings, ground, report) as fits:
        yield _Contest(candidates, fits, vectors)


def _judge_all(
    spec: ModelSpec, prepared: Prepared, contest: _Contest, tags: Mapping[str, str], report: Progress
) -> list[Result]:
    """Judge and log each candidate in a run of its own, and choose."""
    results = []
    for number, (candidate, fit) in enumerate(zip(contest.candidates, contest.fits, strict=True), start=1):
        started = time.monotonic()
        vectors = contest.vectors[reads_one_hot(candidate)]
        with mlflow.start_run(run_name=candidate.title, nested=True, tags=dict(tags)) as run:
            result = _judge(spec, prepared, fit(), vectors, run.info.run_id)
        results.append(result)
        seconds, said = time.monotonic() - started, runs.in_short(result.evaluation)
        report(f"candidate {number} of {len(contest.candidates)}: {said}, {seconds:.0f} s")
    return _choose(results, report)


def _judge(spec: ModelSpec, prepared: Prepared, fitted: Fitted, vectors: DataFrame, run_id: str) -> Result:
    """Judge a fitted candidate, and log it to the active run."""
    verdict = judge(spec, prepared, fitted.candidate.title, fitted.tail, vectors)
    result = Result(fitted, verdict, verdict.rows(prepared.exam), run_id)
    runs.log_candidate(spec, prepared, fitted.candidate, verdict, fitted.seconds)
    log_pictures(pictures_of_candidate(spec, result.evaluation, result.rows, result.predicted))
    return result


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
