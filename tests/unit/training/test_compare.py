"""A comparison with a search: what MLflow is told, and that a search sees nothing of the test fold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from pyspark.ml.regression import RandomForestRegressionModel
from pyspark.sql import SparkSession

from days_to_sell.errors import SpecError
from days_to_sell.spec import Candidate
from days_to_sell.training.compare import Result, compare_baselines, compare_candidates
from days_to_sell.training.evaluation import Evaluation
from days_to_sell.training.fitting.search import ERROR, Ground, clear_ground, search
from days_to_sell.training.preparing.prepare import Prepared, prepare
from tests.unit.training.markets import CROSSED, market

AFT = Candidate.of("AFTSurvivalRegression", maxIter=40)
FOREST = Candidate.of(
    "RandomForestRegressor", numTrees=4, maxDepth=2, seed=7, search={"maxDepth": (1, 4), "numTrees": (3, 6)}
)
SPEC = replace(CROSSED, candidates=(AFT, FOREST))


@dataclass(frozen=True)
class Compared:
    """A finished comparison, and the runs it left.

    Args:
        results, baselines: What it gave.
        lines: What it said.
        runs: Every run by name.
    """

    results: list[Result]
    baselines: list[Evaluation]
    lines: list[str]
    runs: dict[str, Run]


@pytest.fixture(scope="module")
def prepared(spark: SparkSession) -> Prepared:
    """Folds of a small market."""
    return prepare(SPEC, market(spark, 2_500), {})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    """A tracking store of its own."""
    home, before = tmp_path_factory.mktemp("mlflow"), mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{home / 'mlflow.db'}")
    client = MlflowClient()
    identity = client.create_experiment("market", artifact_location=(home / "artifacts").as_uri())
    mlflow.set_experiment(experiment_id=identity)
    yield client
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def compared(prepared: Prepared, store: MlflowClient) -> Compared:
    """Two candidates and the baselines, with a search over four forests."""
    lines: list[str] = []
    tags = {"model": SPEC.name}
    with mlflow.start_run(run_name="parent") as parent:
        baselines = compare_baselines(SPEC, prepared, tags=tags, report=lines.append)
        results = compare_candidates(SPEC, prepared, tags=tags, searching=True, report=lines.append)
    runs = store.search_runs([parent.info.experiment_id])
    return Compared(results, baselines, lines, {run.info.run_name: run for run in runs})


def _parent(run: Run) -> str:
    return run.data.tags["mlflow.parentRunId"]


def test_every_trial_is_a_run_below_its_candidate(compared: Compared) -> None:
    """Each with the parameters that differ, its error, and the time it took; the name says which it is."""
    trials = {name: run for name, run in compared.runs.items() if run.data.tags.get("role") == "trial"}
    assert set(trials) == {
        f"Random forest: maxDepth={depth}, numTrees={trees}" for depth in (1, 4) for trees in (3, 6)
    }
    for run in trials.values():
        assert _parent(run) == compared.runs["Random forest"].info.run_id
        assert set(run.data.params) == {"maxDepth", "numTrees"}
        assert set(run.data.metrics) == {ERROR, "fit_seconds"}


def test_progress_is_told_trial_by_trial(compared: Compared) -> None:
    """A line each says which of how many, the parameters, the error and the seconds."""
    said = [line for line in compared.lines if "trial" in line]
    assert [f"trial {number} of 4: " in line for number, line in enumerate(said, start=1)] == [True] * 4
    assert all(" days (root mean square), " in line and line.endswith(" s") for line in said)


def test_the_best_trial_is_refitted_on_the_whole_fit_fold(compared: Compared) -> None:
    """The candidate's run and model carry the parameters of the trial with the smallest error."""
    trials = [run for run in compared.runs.values() if run.data.tags.get("role") == "trial"]
    best = min(trials, key=lambda run: run.data.metrics[ERROR]).data
    run = compared.runs["Random forest"].data
    assert {name: run.params[name] for name in best.params} == best.params
    assert run.metrics[ERROR] == best.metrics[ERROR]
    (result,) = (each for each in compared.results if each.candidate.title == "Random forest")
    (trees,) = (each for each in result.model.stages if isinstance(each, RandomForestRegressionModel))
    assert [str(trees.getMaxDepth()), str(trees.getNumTrees)] == [
        best.params["maxDepth"],
        best.params["numTrees"],
    ]


def test_candidates_and_baselines_are_rows_of_one_table(compared: Compared) -> None:
    """The same figures by the same names with their intervals, names for people, and a note."""
    named = {"AFT (Weibull)": "candidate", "Random forest": "candidate"}
    named |= {baseline.name: "baseline" for baseline in compared.baselines}
    assert len(named) == 5
    figures = {f"{name}{end}" for name in ("c_index_ipcw", "mae_days") for end in ("", "_low", "_high")}
    for name, role in named.items():
        run = compared.runs[name]
        assert run.data.tags["role"] == role
        assert _parent(run) == compared.runs["parent"].info.run_id
        assert figures | {"integrated_brier", "test_rows"} <= set(run.data.metrics)
        assert all(map(math.isfinite, run.data.metrics.values()))
        assert "c (IPCW)" in run.data.tags["mlflow.note.content"]


def test_directions_are_logged_with_where_they_fail(compared: Compared, store: MlflowClient) -> None:
    """Share and mean change are metrics, slices an artifact; the reason of the choice is a tag."""
    for result in compared.results:
        run = compared.runs[result.candidate.title]
        (found,) = result.directions
        assert run.data.metrics["direction_price_share"] == found.share
        assert found.change_days > 0
        assert found.worst
        files = {file.path for file in store.list_artifacts(run.info.run_id, "evaluation")}
        assert {"evaluation/directions.json", "evaluation/slices.txt"} <= files
        assert run.data.tags["choice"] == result.reason
    chosen = [run.info.run_id for run in compared.runs.values() if run.data.tags.get("chosen") == "yes"]
    assert chosen == [compared.results[0].run_id]


def test_rows_of_a_result_are_the_exam_with_its_predictions(compared: Compared, prepared: Prepared) -> None:
    """One job predicts all folds; the rows come back to their places."""
    for result in compared.results:
        rows = result.rows
        assert list(rows["row_id"]) == list(prepared.exam.rows["row_id"])
        again = result.model.transform(prepared.test).select("row_id", "days").toPandas()
        expected = again.set_index("row_id").loc[rows["row_id"], "days"].to_numpy()
        assert rows["days"].to_numpy() == pytest.approx(expected, rel=1e-12)


@pytest.fixture(scope="module")
def ground(prepared: Prepared) -> Ground:
    """Where the forest is tried."""
    return clear_ground(SPEC, [FOREST], prepared)


def test_a_search_stays_within_the_fit_fold(ground: Ground, prepared: Prepared) -> None:
    """What trials are fitted and validated on are rows of the fit fold alone, each of one side, by seller."""
    fit = {row["row_id"] for row in prepared.fit.select("row_id").collect()}
    inner = {row["row_id"] for row in ground.encodings[False].fit.select("row_id").collect()}
    assert 0.5 * len(fit) < len(inner) < 0.9 * len(fit)
    assert inner < fit
    assert 0 < ground.validations[False].count() <= len(fit) - len(inner)
    assert ground.description.startswith("by seller, whole groups")


def test_a_parameter_that_is_none_is_refused_by_name(prepared: Prepared) -> None:
    """The error names the candidate and the parameter, before anything is tried."""
    wrong = replace(FOREST, search=Candidate.of("RandomForestRegressor", search={"depth": (1, 2)}).search)
    with pytest.raises(SpecError, match="'RandomForestRegressor' searches 'depth', which is no parameter"):
        clear_ground(SPEC, [AFT, wrong], prepared)


def test_a_candidate_without_a_grid_stays_as_it_is(ground: Ground) -> None:
    """There is nothing to try, and nothing is."""
    assert search(SPEC, AFT, ground) is AFT
