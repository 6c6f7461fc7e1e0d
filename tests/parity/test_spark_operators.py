"""The table of Spark's stages says what the exporter, MLeap's runtime and Spark itself really do with each.

Every stage is fitted, exported, scored in MLeap's runtime and read back into Spark: two minutes, which is why
it runs with the tests of parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import Pipeline
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.registry.spark_operators import ONE_VS_REST_CLASSIFIERS, OPERATORS, Limit, SparkOperator
from days_to_sell.scoring.agreement import TOLERANCE, distance
from days_to_sell.scoring.jvm import JvmRuntime, load_in_jvm
from tests.parity.conftest import Export
from tests.parity.spark_stages import CLASSIFIERS, LIMITS, STAGES, Stages, frame

ROWS = 20
BY_NAME = {operator.spark: operator for operator in OPERATORS}
LIMITED = [(operator.spark, limit) for operator in OPERATORS for limit in operator.limits]


@dataclass(frozen=True)
class Outcome:
    """What became of a stage.

    Args:
        exports: Whether the exporter wrote it.
        scores_in_jvm: Whether MLeap's runtime gives Spark's answers.
        reads_back: Whether Spark gives them after reading the bundle.
        lost: Columns that the runtime does not write, its answers being Spark's otherwise.
    """

    exports: bool
    scores_in_jvm: bool = False
    reads_back: bool = False
    lost: frozenset[str] = frozenset()


Try = Callable[[Stages], Outcome]


@pytest.fixture(scope="module")
def train(spark: SparkSession) -> DataFrame:
    """What every stage is fitted to."""
    return frame(spark)


@pytest.fixture
def tried(spark: SparkSession, mleap: JvmRuntime, train: DataFrame, export: Export) -> Try:
    """Fit, export, score in the runtime, read back."""

    def run(stages: Stages) -> Outcome:
        model = Pipeline(stages=stages).fit(train)
        try:
            bundle = export(model, train)
        except (PySparkException, Py4JJavaError):
            return Outcome(exports=False)
        expected = _rows(model.transform(train))
        in_jvm = _in_jvm(mleap, bundle, expected)
        added = expected[0].keys() - set(train.columns)
        there = added & in_jvm[0].keys() if in_jvm else added
        return Outcome(
            exports=True,
            scores_in_jvm=_agree(in_jvm, expected, there),
            reads_back=_agree(_read_back(spark, bundle, train), expected, there),
            lost=frozenset(added - there),
        )

    return run


def _rows(scored: DataFrame) -> list[dict[str, Any]]:
    return [
        {name: _plain(value) for name, value in row.asDict().items()} for row in scored.limit(ROWS).collect()
    ]


def _plain(value: Any) -> Any:
    if hasattr(value, "toArray"):
        return value.toArray().tolist()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _in_jvm(mleap: JvmRuntime, bundle: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        loaded = load_in_jvm(bundle, mleap)
        return loaded.transform([{name: row[name] for name in loaded.inputs} for row in rows])
    except (BundleError, ScoringError):
        return []


def _read_back(spark: SparkSession, bundle: Path, train: DataFrame) -> list[dict[str, Any]]:
    jvm: Any = spark._jvm
    try:
        model = jvm.ml.combust.mleap.spark.SimpleSparkSerializer().deserializeFromBundle(f"jar:file:{bundle}")
        return _rows(DataFrame(model.transform(train._jdf), spark))
    except (PySparkException, Py4JJavaError):
        return []


def _agree(found: list[dict[str, Any]], expected: list[dict[str, Any]], columns: set[str]) -> bool:
    return len(found) == len(expected) and all(
        distance(_number(mine[column]), _number(theirs[column])) <= TOLERANCE
        for mine, theirs in zip(found, expected, strict=True)
        for column in columns
    )


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [_number(each) for each in value]
    return float(value) if isinstance(value, int) else value


def test_every_line_and_every_limit_is_tried() -> None:
    """None is believed."""
    assert STAGES.keys() == BY_NAME.keys()
    assert LIMITS.keys() == {(name, limit.parameter) for name, limit in LIMITED}
    assert CLASSIFIERS.keys() > ONE_VS_REST_CLASSIFIERS


@pytest.mark.parts
@pytest.mark.parametrize("name", STAGES)
def test_a_stage_fares_as_the_table_says(tried: Try, name: str) -> None:
    """In MLeap's runtime, and back in Spark."""
    operator: SparkOperator = BY_NAME[name]
    outcome = tried(STAGES[name]())
    assert outcome == Outcome(operator.exports, operator.scores_in_jvm, operator.reads_back)


@pytest.mark.parts
@pytest.mark.parametrize(("name", "limit"), LIMITED, ids=lambda part: getattr(part, "parameter", part))
def test_a_limit_is_one(tried: Try, name: str, limit: Limit) -> None:
    """With an error something is wrong with the bundle; with a warning only the named column is lost."""
    outcome = tried(LIMITS[name, limit.parameter]())
    if limit.severity == "error":
        assert not outcome.scores_in_jvm
    else:
        assert outcome.scores_in_jvm
        assert outcome.lost


@pytest.mark.parts
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_one_vs_rest_carries_what_the_table_says(tried: Try, name: str) -> None:
    """The runtime compares probabilities, which for others are not what Spark compares."""
    assert tried(CLASSIFIERS[name]()).scores_in_jvm is (name in ONE_VS_REST_CLASSIFIERS)
