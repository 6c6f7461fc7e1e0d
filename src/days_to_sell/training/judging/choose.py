"""The choice: which of the candidates becomes a version.

Concordance orders rows and says nothing of days: a model whose days hardly vary can order them well. On one
test fold the best concordance is also a matter of luck. So the choice is made in three steps.

1. Who does not keep the declared directions is out, however good.
2. Of the others, those as concordant as the best, as far as can be told, stay: their concordance (IPCW) lies
   within its 95 % bootstrap interval. That is the rule of one standard error (Breiman et al., 1984, chapter
   3.4) with an interval in place of the error.
3. Of these the lowest integrated Brier score wins, a proper score of the whole predicted distribution (Graf
   et al., 1999); among equals the smaller error in days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from days_to_sell.errors import TrainingError
from days_to_sell.training.evaluation import Evaluation
from days_to_sell.training.judging.directions import DirectionCheck

CONCORDANCE, SCORE, ERROR = "c_index_ipcw", "integrated_brier", "mae_days"


class Judged(Protocol):
    """What the choice looks at: results of a training, and those that tests plant."""

    @property
    def evaluation(self) -> Evaluation:
        """The figures on the test fold."""

    @property
    def directions(self) -> Sequence[DirectionCheck]:
        """What came of raising numbers."""


@dataclass(frozen=True)
class Choice:
    """Which candidate, and why.

    Args:
        order: Positions of the candidates, the chosen one first, then the others as the rule ranks them.
        reasons: One line a candidate, in the order of ``order``.
    """

    order: tuple[int, ...]
    reasons: tuple[str, ...]


def choose(candidates: Sequence[Judged]) -> Choice:
    """Choose by the rule of this module.

    Raises:
        TrainingError: No candidate keeps the declared directions.
    """
    keeping = [each for each in candidates if _keeps(each)]
    if not keeping:
        raise TrainingError(_none_keeps(candidates))
    best = max(keeping, key=lambda each: _figure(each, CONCORDANCE)).evaluation
    least = best.metrics[CONCORDANCE].low
    order = sorted(range(len(candidates)), key=lambda i: _rank(candidates[i], least))
    chosen = candidates[order[0]]
    reasons = (_reason(candidates[i], chosen, best, least) for i in order)
    return Choice(tuple(order), tuple(reasons))


def _keeps(candidate: Judged) -> bool:
    return all(each.kept for each in candidate.directions)


def _figure(candidate: Judged, name: str) -> float:
    return candidate.evaluation.metrics[name].value


def _rank(candidate: Judged, least: float) -> tuple[bool, bool, float, float]:
    behind = _figure(candidate, CONCORDANCE) < least
    return not _keeps(candidate), behind, _figure(candidate, SCORE), _figure(candidate, ERROR)


def _reason(candidate: Judged, chosen: Judged, best: Evaluation, least: float) -> str:
    name = candidate.evaluation.name
    score = f"integrated Brier score {_figure(candidate, SCORE):.4f}"
    if candidate is chosen:
        return f"{name} is chosen: {score} is the lowest of those as concordant as {best.name}"
    if not _keeps(candidate):
        broken = next(each for each in candidate.directions if not each.kept)
        return f"{name} is out: {broken}"
    if _figure(candidate, CONCORDANCE) < least:
        return (
            f"{name} is out: concordance {_figure(candidate, CONCORDANCE):.3f} lies below the interval of "
            f"{best.name}, which begins at {least:.3f}"
        )
    return f"{name} is as concordant, but {score} is not lower"


def _none_keeps(candidates: Sequence[Judged]) -> str:
    lines = [
        f"  {each.evaluation.name}: {check}"
        for each in candidates
        for check in each.directions
        if not check.kept
    ]
    return (
        "no candidate says what the spec's directions declare, so none is registered:\n"
        + "\n".join(lines)
        + "\nlook at the column in the training data, add a candidate that is smoother in it, or, if the "
        "market is like that, change the direction or its share in the spec"
    )
