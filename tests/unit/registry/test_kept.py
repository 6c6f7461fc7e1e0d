"""Training in steps makes the very package that training in one go makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from days_to_sell.data.report import CheckResult, Report
from days_to_sell.data.training_set import Manifest, TrainingSet
from days_to_sell.registry.kept import Recalled, keep, take_up
from days_to_sell.registry.provenance import write_provenance
from days_to_sell.registry.publish import Logged, log_best
from days_to_sell.spec import Candidate
from days_to_sell.training.card import compose
from days_to_sell.training.card.card import render
from days_to_sell.training.compare import Comparison, compare
from days_to_sell.training.preparing.prepare import Prepared, prepare
from tests.unit.training.markets import CROSSED, market

SPEC = replace(
    CROSSED,
    candidates=(
        Candidate.of("GeneralizedLinearRegression", family="gamma", link="log", regParam=0.001),
        Candidate.of("AFTSurvivalRegression", maxIter=20),
    ),
)
MANIFEST = Manifest(
    "market", "market", "lake", "2025-06-30", {"cars": "c0ffee"}, {"cars": 2500}, "c1", "c2", "d1", 2500, 0.2
)


@dataclass(frozen=True)
class TwoWays:
    """One comparison, published where it was made and where it was taken up.

    Args:
        compared, recalled: The comparison, and the same as another process sees it.
        prepared, again: The folds, and the same prepared anew.
        once, stepwise: What was logged either way.
        training_set: The data.
    """

    compared: Comparison
    recalled: Recalled
    prepared: Prepared
    again: Prepared
    once: Logged
    stepwise: Logged
    training_set: TrainingSet


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tracking store of its own."""
    home = tmp_path_factory.mktemp("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{home / 'mlflow.db'}")
    artifacts = (home / "artifacts").as_uri()
    mlflow.set_experiment(
        experiment_id=MlflowClient().create_experiment("market", artifact_location=artifacts)
    )
    return home


@pytest.fixture(scope="module")
def ways(spark: SparkSession, experiment: Path) -> TwoWays:
    """Fit once; publish at once; then keep it, forget it, and publish what was taken up."""
    report = Report((CheckResult("cars", "row_id is unique", 2500, 0),))
    training_set = TrainingSet(str(experiment / "sets"), MANIFEST, report, market(spark, 2_500), {})
    prepared = prepare(SPEC, training_set.frame, {})
    with mlflow.start_run():
        compared = compare(SPEC, prepared, tags={})
        made = write_provenance(compared.best, MANIFEST, searched=False)
        once = log_best(
            SPEC,
            compared.best,
            prepared,
            training_set,
            target=experiment / "once",
            baselines=compared.baselines,
            made=made,
        )
        kept = json.loads(json.dumps(keep(compared, made=made, searched=False), allow_nan=False))
    again = prepare(SPEC, training_set.frame, {})
    with mlflow.start_run():
        recalled = take_up(kept, SPEC, again)
        stepwise = log_best(
            SPEC,
            recalled.best,
            again,
            training_set,
            target=experiment / "stepwise",
            baselines=recalled.baselines,
            made=recalled.made,
        )
    return TwoWays(compared, recalled, prepared, again, once, stepwise, training_set)


def test_both_ways_make_the_same_package(ways: TwoWays) -> None:
    """One digest: bundle, contract, golden data, profile, provenance and evidence are the same bytes."""
    assert ways.once.package.digest == ways.stepwise.package.digest
    assert ways.once.tags == ways.stepwise.tags
    assert ways.once.flavors == ways.stepwise.flavors == ("mleap", "python_function", "spark")


def test_both_ways_write_the_same_card(ways: TwoWays) -> None:
    """Figures, intervals, slices, directions and pictures were kept or made again."""
    cards = [
        render(compose(SPEC, compared, prepared, ways.training_set, pictures=(), provenance={}))
        for compared, prepared in ((ways.compared, ways.prepared), (ways.recalled, ways.again))
    ]
    assert cards[0] == cards[1]


def test_what_is_taken_up_is_what_was_chosen(ways: TwoWays) -> None:
    """Candidate, reason, figures, directions and predictions of each row."""
    chosen, recalled = ways.compared.best, ways.recalled.best
    assert recalled.candidate.estimator == chosen.candidate.estimator
    assert recalled.reason == chosen.reason
    assert recalled.directions == chosen.directions
    assert recalled.rows.equals(chosen.rows)
    assert [each.to_dict() for each in ways.recalled.evaluations] == [
        each.to_dict() for each in ways.compared.evaluations
    ]
    assert [each.name for each in ways.recalled.baselines] == [each.name for each in ways.compared.baselines]
