"""The table of differences says what each engine does, no more and no less."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import (
    Bucketizer,
    Interaction,
    OneHotEncoder,
    StandardScaler,
    StringIndexer,
    VectorAssembler,
)
from pyspark.ml.regression import DecisionTreeRegressor, IsotonicRegression
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.errors import BundleError, ScoringError
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.differences import DIFFERENCES, Difference, Outcome
from days_to_sell.scoring.jvm import JvmRuntime
from tests.parity.conftest import Export
from tests.parity.features import FEATURES, feature_stages
from tests.parity.mleap_runtime import MleapRuntime
from tests.parity.models import MODELS, model_stages
from tests.parity.pipelines import Stage, assemble
from tests.parity.test_engines_agree import equal

Row = dict[str, Any]
Engine = Callable[[Row], list[Row]]

SAMPLE = [(0.0, "a", 5.0), (1.0, "b", 5.0), (2.0, "b", 5.0)]
SCHEMA = "x double, text string, same double"
PLAIN: Row = {"x": 1.0, "text": "a", "same": 5.0}
KNOWN = frozenset((each.operator, each.handle_invalid, each.value) for each in DIFFERENCES)
VALUES = {
    "null": None,
    "NaN": math.nan,
    "unseen": "never seen",
    "fraction": 1.5,
    "beyond": 99.0,
    "ordinary": 1.0,
    "negative": -1.0,
    "negative fraction": -0.5,
    "zero": 0.0,
    "infinite": math.inf,
    "extreme": 1e-300,
}


def _stages(operator: str, choice: str) -> tuple[str, list[Stage]]:
    """The column to change, and a pipeline around one operator that ends in the column ``out``."""
    if operator in MODELS:
        return model_stages(operator, choice)
    if operator in FEATURES or choice == "numbers":
        return feature_stages(operator, choice)
    if operator == "bucketizer":
        return "x", [Bucketizer(inputCol="x", outputCol="out", splits=[0.0, 1.0, 9.0], handleInvalid=choice)]
    if operator == "string_indexer":
        return "text", [StringIndexer(inputCol="text", outputCol="out", handleInvalid=choice)]
    if operator == "vector_assembler":
        return "x", [VectorAssembler(inputCols=["x", "same"], outputCol="out", handleInvalid=choice)]
    if operator == "one_hot_encoder":
        return "x", [OneHotEncoder(inputCols=["x"], outputCols=["out"], handleInvalid=choice)]
    if operator == "interaction":
        # Not of x: Spark asks its input how many categories a column has, and the rows to score do not say.
        return "same", [Interaction(inputCols=["same"], outputCol="out")]
    if operator == "standard_scaler":
        scaler = StandardScaler(inputCol="vector", outputCol="out", withMean=True, withStd=True)
        return "same", [assemble(["same", "x"], "vector"), scaler]
    if operator == "decision_tree_regression":
        # What is missing gets a bucket that the column's own metadata does not count.
        cut = Bucketizer(inputCol="x", outputCol="cut", splits=[0.0, 1.0, 9.0], handleInvalid="keep")
        return "x", [
            cut,
            assemble(["cut"], "features"),
            DecisionTreeRegressor(labelCol="x", predictionCol="out"),
        ]
    assert operator == "isotonic_regression"
    return "x", [IsotonicRegression(featuresCol="x", labelCol="x", predictionCol="out")]


def _outcome(engine: Engine, row: Row) -> tuple[Outcome, Any]:
    """What came of it, by the first element of ``out``, and ``out`` itself."""
    try:
        rows = engine(row)
    except (Py4JJavaError, PySparkException, ScoringError):
        return "refuses", None
    if not rows:
        return "drops", None
    out = rows[0]["out"]
    first = out[0] if isinstance(out, list) else out
    return "null" if first is None else "NaN" if math.isnan(first) else "answers", out


def _loaded(load: Callable[[], MleapRuntime | Bundle]) -> Engine:
    """An engine with a bundle in it; one that does not take the bundle refuses every row."""
    try:
        engine = load()
    except BundleError as error:
        refusal = ScoringError(str(error))

        def refuse(row: Row) -> list[Row]:
            raise refusal

        return refuse
    return lambda row: engine.transform([row])


def _sample(spark: SparkSession) -> DataFrame:
    """Frame to fit on and to export with; encoders want a column that says how many categories it has."""
    categories = {"ml_attr": {"type": "nominal", "vals": ["0", "1", "2"]}}
    return spark.createDataFrame(SAMPLE, SCHEMA).withMetadata("x", categories)


def _spark_rows(model: PipelineModel, spark: SparkSession, row: Row) -> list[Row]:
    frame = spark.createDataFrame([tuple(row.values())], SCHEMA)
    rows = [each.asDict() for each in model.transform(frame).collect()]
    return [{"out": r["out"].toArray().tolist() if hasattr(r["out"], "toArray") else r["out"]} for r in rows]


Ask = Callable[[str, str, str], dict[str, Outcome]]


@pytest.fixture(scope="module")
def ask(spark: SparkSession, mleap: JvmRuntime, export: Export) -> Ask:
    """Ask the three engines what they do with one value; each stage is fitted and exported once."""

    @cache
    def engines(operator: str, choice: str) -> dict[str, Engine]:
        _, stages = _stages(operator, choice)
        sample = _sample(spark)
        model = Pipeline(stages=stages).fit(sample)
        bundle = export(model, sample)
        found: dict[str, Engine] = {
            "spark": lambda row: _spark_rows(model, spark, row),
            "mleap": _loaded(lambda: MleapRuntime(mleap, bundle)),
            "python": _loaded(lambda: load_bundle(bundle)),
        }
        # Else a stage that never answers would pass for one that refuses the value.
        if (operator, choice, "ordinary") not in KNOWN:
            assert {_outcome(each, PLAIN)[0] for each in found.values()} == {"answers"}
        return found

    def outcomes(operator: str, choice: str, value: str) -> dict[str, Outcome]:
        column, _ = _stages(operator, choice)
        row = PLAIN | {column: VALUES[value]}
        found = {name: _outcome(each, row) for name, each in engines(operator, choice).items()}
        _, by_spark = found["spark"]
        return {
            name: "another"
            if found["spark"][0] == outcome == "answers" and not equal(out, by_spark)
            else outcome
            for name, (outcome, out) in found.items()
        }

    return outcomes


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.key)
def test_each_engine_does_what_the_table_says(difference: Difference, ask: Ask) -> None:
    """Spark, MLeap's runtime and Python each do with the value what the table says."""
    assert ask(difference.operator, difference.handle_invalid, difference.value) == {
        "spark": difference.spark,
        "mleap": difference.mleap,
        "python": difference.python,
    }


@pytest.mark.parametrize(
    ("operator", "choice", "value", "outcome"),
    [
        ("bucketizer", "keep", "NaN", "answers"),
        ("bucketizer", "error", "NaN", "refuses"),
        ("bucketizer", "skip", "NaN", "drops"),
        ("bucketizer", "keep", "beyond", "refuses"),
        ("bucketizer", "skip", "beyond", "refuses"),
        ("string_indexer", "keep", "null", "answers"),
        ("string_indexer", "keep", "unseen", "answers"),
        ("string_indexer", "error", "null", "refuses"),
        ("string_indexer", "error", "unseen", "refuses"),
        ("string_indexer", "skip", "null", "drops"),
        ("string_indexer", "skip", "unseen", "drops"),
        ("vector_assembler", "keep", "NaN", "NaN"),
        ("interaction", "", "NaN", "NaN"),
        ("one_hot_encoder", "keep", "beyond", "answers"),
        ("one_hot_encoder", "error", "beyond", "refuses"),
        ("one_hot_encoder", "error", "NaN", "refuses"),
        ("binarizer", "", "NaN", "answers"),
        ("binarizer", "vector", "zero", "answers"),
        ("elementwise_product", "", "infinite", "NaN"),
        ("feature_hasher", "category", "NaN", "answers"),
        ("max_abs_scaler", "", "NaN", "NaN"),
        ("min_max_scaler", "", "beyond", "answers"),
        ("min_max_scaler", "", "NaN", "NaN"),
        ("normalizer", "3", "infinite", "NaN"),
        ("polynomial_expansion", "", "NaN", "NaN"),
        ("pca", "", "NaN", "NaN"),
        ("reverse_string_indexer", "", "fraction", "answers"),
        ("reverse_string_indexer", "", "negative fraction", "answers"),
        ("reverse_string_indexer", "", "beyond", "refuses"),
        ("vector_indexer", "keep", "NaN", "answers"),
        ("vector_indexer", "keep", "beyond", "answers"),
        ("vector_indexer", "error", "NaN", "refuses"),
        ("vector_indexer", "error", "beyond", "refuses"),
        ("naive_bayes", "", "infinite", "answers"),
        ("k_means", "", "infinite", "answers"),
        ("k_means", "cosine", "ordinary", "answers"),
        ("logistic_regression", "", "NaN", "answers"),
    ],
)
def test_what_is_not_in_the_table_is_alike(
    operator: str, choice: str, value: str, outcome: Outcome, ask: Ask
) -> None:
    """Spark, MLeap's runtime and Python do the same with invalid values that the table does not name."""
    assert (operator, choice, value) not in KNOWN
    assert ask(operator, choice, value) == {"spark": outcome, "mleap": outcome, "python": outcome}


def test_every_line_is_a_difference() -> None:
    """No line of the table says that all three do the same, and no line is there twice."""
    assert all(len({each.spark, each.mleap, each.python}) > 1 for each in DIFFERENCES)
    assert len({each.key for each in DIFFERENCES}) == len(DIFFERENCES)
