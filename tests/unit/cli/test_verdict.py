"""The verdict on a notebook and the project: what it says, and what it does not call equivalent."""

from __future__ import annotations

import pytest

from days_to_sell.cli.equivalence.verdict import Verdict
from days_to_sell.scoring.golden import Proof
from days_to_sell.training.equivalence import ColumnDifference, Comparison, Sample

CHANGED = ColumnDifference("price_gbp", 1, (Sample("a7", 9_001.0, 9_000.0),))
SAME = Comparison("training data", (400, 400), ("d1", "d1"), ())
OTHER = Comparison("training data", (400, 400), ("d2", "d1"), (CHANGED,))
ANSWERS = Comparison("predictions", (400, 400), None, ())
PROVED = Proof(rows=60, max_rel_error=2e-16, differences=())


def test_all_the_same_is_equivalent() -> None:
    """The last line says what was compared."""
    verdict = Verdict((SAME, ANSWERS), PROVED)
    assert verdict.equal
    assert verdict.to_text().splitlines()[-1] == (
        "equivalent: notebook and project have the same 400 training rows, and their models answer these "
        "and 60 golden rows alike within 1e-09"
    )


def test_other_training_data_are_told_by_column_and_row_with_no_model_asked() -> None:
    """What was not looked at is named, and never taken for equal."""
    verdict = Verdict((OTHER,), None)
    assert not verdict.equal
    said = verdict.to_text().splitlines()
    assert "    row a7: notebook 9001.0, project 9000.0" in said
    assert said[-2:] == [
        "predictions, golden answers: not asked for",
        "DIFFERENT: training data (price_gbp in 1 rows)",
    ]


@pytest.mark.parametrize("frames", [(SAME,), (SAME, ANSWERS)])
def test_without_golden_answers_nothing_is_equivalent(frames: tuple[Comparison, ...]) -> None:
    """Equal frames alone prove no model."""
    assert not Verdict(frames, None).equal
