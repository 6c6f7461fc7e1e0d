"""Which stage two engines part at."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.agreement import distance
from days_to_sell.scoring.python import PythonBundle
from days_to_sell.scoring.trace import Tracer, first_difference, shown
from tests.unit.scoring.bundles import assembler, bundle, indexer, line, node, strings

ROW = {"make": "b", "age": 10.0}
KNOWN = {"rank": 1.0, "features": [1.0, 10.0], "days": 33.0}


def loaded(path: Path, *nodes: dict[str, Any]) -> PythonBundle:
    """A bundle of the Python engine."""
    found = load_bundle(bundle(path, *nodes))
    assert isinstance(found, PythonBundle)
    return found


@pytest.fixture
def cars(tmp_path: Path) -> PythonBundle:
    """A bundle that gives 2 * rank + 3 * age + 1."""
    return loaded(tmp_path, indexer(), assembler(), line())


def test_what_agrees_has_no_difference(cars: PythonBundle) -> None:
    """Rows that differ by less than the tolerance have no stage to name."""
    almost = KNOWN | {"days": 33.0 * (1 + 1e-10)}
    assert first_difference(cars.plan.stages, KNOWN, almost) is None
    assert Tracer(cars).explain(ROW, almost) is None


def test_the_first_stage_that_differs_is_named_and_not_what_follows_from_it(cars: PythonBundle) -> None:
    """An index that is wrong makes everything behind it wrong; the indexer is to blame."""
    actual = {"rank": 0.0, "features": [0.0, 10.0], "days": 31.0}
    found = first_difference(cars.plan.stages, ROW | KNOWN, actual, ("Spark", "Python"))
    assert str(found) == "stage 1, string_indexer 'n0', column rank: inputs make = 'b'; Spark 1.0, Python 0.0"


def test_what_was_not_recorded_is_passed_over(cars: PythonBundle) -> None:
    """Where only the last column is known, the last stage is the first that can be told to differ."""
    found = first_difference(cars.plan.stages, {"days": 33.0}, {"rank": 0.0, "days": 31.0})
    assert found is not None
    assert (found.position, found.op, found.column) == (3, "linear_regression", "days")


def test_a_column_that_is_missing_differs(cars: PythonBundle) -> None:
    """An engine that did not write a column did not agree on it."""
    found = first_difference(cars.plan.stages, KNOWN, {"rank": 1.0})
    assert found is not None
    assert (found.position, found.actual) == (2, None)


def test_the_scorer_is_asked_for_every_stage(cars: PythonBundle) -> None:
    """Known columns are held against the scorer's own, with what the stage read."""
    found = Tracer(cars).explain(ROW, KNOWN | {"features": [1.0, 11.0], "days": 36.0})
    assert str(found) == (
        "stage 2, vector_assembler 'n1', column features: inputs rank = 1.0, age = 10.0; "
        "Spark [1.0, 11.0], Python [1.0, 10.0]"
    )


def test_a_row_that_is_refused_is_traced_to_the_stage_that_refuses(tmp_path: Path) -> None:
    """Up to there columns are compared; there, the reason stands in place of a value."""
    strict = indexer(handle_invalid={"string": "error"})
    back = node("reverse_string_indexer", {"input": "age"}, {"output": "word"}, {"labels": strings("x")})
    found = loaded(tmp_path, back, strict, assembler(), line())
    refused = Tracer(found).explain({"make": "c", "age": 0.0}, {"word": "x", "rank": 2.0})
    assert refused is not None
    assert (refused.position, refused.column, refused.inputs) == (2, "rank", {"make": "c"})
    assert refused.expected == 2.0
    assert "was not fitted on" in refused.actual
    before = Tracer(found).explain({"make": "c", "age": 0.0}, {"word": "y", "rank": 2.0})
    assert before is not None
    assert (before.position, before.column, before.actual) == (1, "word", "x")


def test_a_row_that_is_dropped_is_traced_too(tmp_path: Path) -> None:
    """A row that is left out where an answer is known is a difference of the stage that drops it."""
    skips = loaded(tmp_path, indexer(handle_invalid={"string": "skip"}), assembler(), line())
    found = Tracer(skips).explain({"make": None, "age": 1.0}, KNOWN)
    assert found is not None
    assert (found.position, found.actual) == (1, "the row is left out")


@pytest.mark.parametrize(
    ("actual", "expected", "far"),
    [
        (math.nan, math.nan, 0.0),
        (math.inf, math.inf, 0.0),
        (math.inf, -math.inf, math.inf),
        (math.nan, 1.0, math.inf),
        (1.0, math.nan, math.inf),
        (0.0, -0.0, 0.0),
        ([1.0, math.nan], [1.0, math.nan], 0.0),
        ([1.0, 3.0], [1.0, 2.0], 0.5),
        ([1.0], [1.0, 2.0], math.inf),
        (1.0, [1.0], math.inf),
        ([1.0], 1.0, math.inf),
        ("a", "a", 0.0),
        ("a", "b", math.inf),
        (None, None, 0.0),
        (None, 1.0, math.inf),
        (1.0, None, math.inf),
        ("1.0", 1.0, math.inf),
    ],
)
def test_distance_between_values_of_a_column(actual: Any, expected: Any, far: float) -> None:
    """Between stages NaN and the infinities are values; other kinds and lengths are infinitely far."""
    assert distance(actual, expected) == far


def test_a_long_vector_is_shown_by_what_is_not_zero() -> None:
    """A one-hot vector of a thousand fits into a message, and nothing longer gets into one."""
    vector = [0.0] * 1_000
    vector[7] = 1.0
    assert shown(vector) == "1000 elements {7: 1.0}"
    assert len(shown([1.5] * 1_000)) == len(shown("x" * 1_000)) == 120
