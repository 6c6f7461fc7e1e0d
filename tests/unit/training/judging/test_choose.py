"""The choice among candidates, on results planted for each step of the rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from days_to_sell.errors import TrainingError
from days_to_sell.spec import Direction
from days_to_sell.training.evaluation import Estimate, Evaluation
from days_to_sell.training.judging.choose import choose
from days_to_sell.training.judging.directions import DirectionCheck

DEARER = Direction("price", 0.05, "longer", share=0.9)


@dataclass(frozen=True)
class Planted:
    """A result as the choice sees it."""

    evaluation: Evaluation
    directions: tuple[DirectionCheck, ...]


def planted(
    name: str, concordance: float, score: float, error: float = 30.0, share: float = 0.95, change: float = 2.0
) -> Planted:
    """A candidate whose concordance is known to 0.02 on either side."""
    figures = {"c_index_ipcw": concordance, "integrated_brier": score, "mae_days": error}
    metrics = {
        metric: Estimate(value, value - 0.02, value + 0.02, np.array([])) for metric, value in figures.items()
    }
    check = DirectionCheck(DEARER, 1_000, share, change, ())
    return Planted(Evaluation(name, 1_000, 50, metrics), (check,))


def _chosen(*candidates: Planted) -> str:
    return candidates[choose(candidates).order[0]].evaluation.name


def test_of_the_as_concordant_the_better_distribution_is_chosen() -> None:
    """The most concordant is not chosen where another, within its interval, has the lower Brier score."""
    flat, sound = planted("flat", 0.60, 0.140), planted("sound", 0.59, 0.120)
    assert _chosen(flat, sound) == _chosen(sound, flat) == "sound"


def test_a_candidate_less_concordant_than_luck_explains_is_out() -> None:
    """Below the interval of the best, a lower Brier score does not help."""
    choice = choose([planted("best", 0.60, 0.140), planted("behind", 0.57, 0.120)])
    assert choice.order == (0, 1)
    assert "behind is out: concordance 0.570 lies below the interval of best" in choice.reasons[1]


def test_a_candidate_that_breaks_a_direction_is_out_however_good() -> None:
    """Too few rows that move the right way, or a mean that does not, and concordance counts for nothing."""
    few = planted("few", 0.70, 0.100, share=0.89)
    wrong = planted("wrong", 0.70, 0.100, change=-0.1)
    sound = planted("sound", 0.60, 0.140)
    choice = choose([few, wrong, sound])
    assert choice.order[0] == 2
    assert "few is out: price +5%: +2.0 days on average, 89.0% of 1,000 rows not sooner" in choice.reasons[1]
    assert "wrong is out: price +5%: -0.1 days" in choice.reasons[2]


def test_one_that_breaks_a_direction_does_not_set_the_bar() -> None:
    """The interval is that of the best among those that keep the directions."""
    broken = planted("broken", 0.80, 0.100, share=0.5)
    assert _chosen(broken, planted("a", 0.60, 0.140), planted("b", 0.59, 0.130)) == "b"


def test_equal_scores_are_told_apart_by_the_error() -> None:
    """The smaller error in days wins."""
    assert _chosen(planted("a", 0.6, 0.12, error=31.0), planted("b", 0.6, 0.12, error=30.0)) == "b"


def test_without_one_that_keeps_the_directions_nothing_is_chosen() -> None:
    """The error names every candidate, what it does, and three ways out."""
    with pytest.raises(
        TrainingError, match="no candidate says what the spec's directions declare"
    ) as refused:
        choose([planted("a", 0.6, 0.12, share=0.5), planted("b", 0.7, 0.11, change=-3.0)])
    for words in ("a: price +5%", "b: price +5%: -3.0 days", "smoother", "its share in the spec"):
        assert words in str(refused.value)
