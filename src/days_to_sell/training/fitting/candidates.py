"""Fitting all candidates: one ahead of what is judged, or each after its search."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from pyspark.ml import PipelineModel, Transformer

from days_to_sell.spec import Candidate, ModelSpec
from days_to_sell.training.fitting.fit import Encoded, fit_candidate
from days_to_sell.training.fitting.pipeline import reads_one_hot
from days_to_sell.training.fitting.search import Ground, search

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted candidate.

    Args:
        candidate: The candidate, with the parameters that it was fitted with.
        model: The pipeline from derived columns to ``days``.
        tail: Its stages from ``features`` on.
        seconds: What the fit took.
    """

    candidate: Candidate
    model: PipelineModel
    tail: tuple[Transformer, ...]
    seconds: float


@contextmanager
def fitting(
    spec: ModelSpec,
    candidates: Sequence[Candidate],
    encodings: Mapping[bool, Encoded],
    ground: Ground | None,
    report: Progress = print,
) -> Iterator[list[Callable[[], Fitted]]]:
    """Give, for each candidate, what fits it or waits until it is fitted.

    Without a search one thread fits ahead: Spark works on the next candidate while Python measures and draws
    the last. A search logs its trials below the run that is active when it is asked for.

    Args:
        spec: The model.
        candidates: What to fit.
        encodings: The folds as they read them.
        ground: Where to search for parameters first; None to take the candidates' own.
        report: Takes lines of progress of a search.
    """
    if ground:
        yield [partial(_search, spec, each, encodings, ground, report) for each in candidates]
        return
    with ThreadPoolExecutor(max_workers=1) as ahead:
        started = [ahead.submit(_fit, spec, each, encodings) for each in candidates]
        try:
            yield [each.result for each in started]
        finally:
            ahead.shutdown(cancel_futures=True)


def _search(
    spec: ModelSpec,
    candidate: Candidate,
    encodings: Mapping[bool, Encoded],
    ground: Ground,
    report: Progress,
) -> Fitted:
    return _fit(spec, search(spec, candidate, ground, report), encodings)


def _fit(spec: ModelSpec, candidate: Candidate, encodings: Mapping[bool, Encoded]) -> Fitted:
    started = time.monotonic()
    encoded = encodings[reads_one_hot(candidate)]
    model = fit_candidate(spec, candidate, encoded)
    tail = tuple(model.stages[len(encoded.stages) :])
    return Fitted(candidate, model, tail, time.monotonic() - started)
