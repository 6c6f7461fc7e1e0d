"""Spark, MLeap's runtime and both ways of the Python engine agree on pipelines that nobody chose.

``make parity ROWS=100000`` does the same on any number of rows.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.scoring.operators import OPERATORS
from days_to_sell.scoring.python import PythonBundle
from tests.parity.generated import HANDS, deal
from tests.parity.generated_engines import Answer, Refused
from tests.parity.generated_judge import Judge
from tests.parity.generated_rows import around, edges_of, rows_for
from tests.parity.generated_run import Findings, compare_round
from tests.unit.scoring.bundles import assembler, bundle, doubles, indexer, leaf, line, node, split, tree

SEED, ROWS = 2, 150
ROW = {"make": "b", "age": 10.0}
ANSWER = ROW | {"rank": 1.0, "features": [1.0, 10.0], "days": 33.0}


@pytest.mark.timeout(600)
def test_engines_agree_on_random_pipelines(spark: SparkSession, mleap: JvmRuntime, tmp_path: Path) -> None:
    """One round of pipelines, in which every operator stands, on edges and strange values."""
    findings = Findings()
    lines = list(compare_round(spark, mleap, SEED, ROWS, tmp_path, findings))
    assert findings.told == []
    assert findings.disagreements == 0
    assert set(findings.tallies) == set(OPERATORS)
    assert (len(lines), findings.pipelines) == (HANDS, HANDS)
    assert HANDS * ROWS / 2 < findings.rows <= HANDS * ROWS
    uncompared = [op for op, tally in findings.tallies.items() if not tally.rows]
    assert uncompared == []


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """A judge of 2 * rank + 3 * age + 1."""
    loaded = load_bundle(bundle(tmp_path, indexer(), assembler(), line()))
    assert isinstance(loaded, PythonBundle)
    return Judge(loaded.plan.stages, {"n0": "keep"})


def judged(judge: Judge, **answers: Answer) -> list[str]:
    """What a judge says of answers, those that are not named being right."""
    known: dict[str, Answer] = dict.fromkeys(("spark", "mleap", "python", "batch"), ANSWER)
    python = {**known, **answers}["python"]
    return list(judge.compare(ROW, known | answers, python if isinstance(python, dict) else ROW, None))


def test_equal_answers_are_no_disagreement(judge: Judge) -> None:
    """Where all engines give the same, nothing is said, and every stage is counted."""
    assert judged(judge) == []
    assert {op: tally.rows for op, tally in judge.tallies.items()} == {
        "string_indexer": 1,
        "vector_assembler": 1,
        "linear_regression": 1,
    }


@pytest.mark.parametrize("engine", ["mleap", "python", "batch"])
def test_another_number_is_told_by_stage_and_counted(judge: Judge, engine: str) -> None:
    """A relative error of 1e-8 is one too many, in any engine."""
    wrong: dict[str, Any] = {engine: ANSWER | {"days": 33.0 * (1 + 1e-8)}}
    # Batches are held against single rows.
    said = judged(judge, **(wrong | {"batch": wrong["python"]} if engine == "python" else wrong))
    assert len(said) == 1
    assert said[0].startswith("stage 3, linear_regression 'n2', column days: inputs features = [1.0, 10.0]")
    assert f"{engine} 33.0000003" in said[0]
    assert judge.tallies["linear_regression"].disagreements == 1
    assert judge.tallies["linear_regression"].errors[engine] == pytest.approx(1e-8)


@pytest.mark.parametrize("engine", ["spark", "mleap", "python", "batch"])
@pytest.mark.parametrize("other", [Refused("no"), None])
def test_a_row_that_one_engine_does_not_answer_is_a_disagreement(
    judge: Judge, engine: str, other: Answer
) -> None:
    """A refusal and a row that is left out are told, whoever it is."""
    assert judged(judge, **{engine: other})


def test_edges_are_read_from_the_bundle(tmp_path: Path) -> None:
    """Splits and boundaries of a column, and thresholds of trees, followed through assemblers."""
    cut = node("bucketizer", {"input": "c"}, {"output": "bucket"}, {"splits": doubles(None, 1.5, 2.5, None)})
    both = node(
        "vector_assembler",
        {"input0": "bucket", "input1": "a"},
        {"output": "features"},
        assembler()["model.json"]["attributes"],
    )
    step = node(
        "isotonic_regression",
        {"features": "b"},
        {"prediction": "step"},
        {"boundaries": doubles(0.25, 4.0), "predictions": doubles(1.0, 2.0)},
    )
    branches = split(type="continuous", featureIndex=1, threshold=0.75), leaf(1.0), leaf(2.0)
    path = bundle(tmp_path, cut, both, step, tree(*branches))
    edges = {column: values for column, values in edges_of(path).items() if values}
    assert edges == {"a": [0.75], "b": [0.25, 4.0], "c": [1.5, 2.5]}
    scored = [row["a"] for row in rows_for(path, 1, 400)]
    assert set(around(0.75)) <= set(scored)
    assert {None, math.inf} <= set(scored)


def test_a_round_is_known_by_its_seed(spark: SparkSession) -> None:
    """The same seed deals the same stages, or no disagreement could be repeated."""
    first, again = ([[type(stage).__name__ for stage in stages] for stages in deal(5)] for _ in range(2))
    assert first == again
    assert first != [[type(stage).__name__ for stage in stages] for stages in deal(6)]
