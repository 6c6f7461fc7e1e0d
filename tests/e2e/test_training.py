"""One command from a lake to one version that Spark, MLeap and plain Python answer alike, each time."""

from __future__ import annotations

import json
import math
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from pyspark.sql import SparkSession

from days_to_sell.models import find_model
from days_to_sell.registry import mleap_flavor
from days_to_sell.release.verification.packages import check_package
from days_to_sell.scoring.golden import GoldenRow, compare
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.spec import PREDICTION, ROW_ID
from days_to_sell.training.preparing.derive import derive
from tests.e2e.trainings import Trained, download
from tests.elsewhere import make_elsewhere

pytestmark = pytest.mark.timeout(1200)
SPEC = find_model("days_to_sell").spec
MODEL_URI = f"models:/{SPEC.name}/1"
ESTIMATORS = {candidate.estimator for candidate in SPEC.candidates}
MEASURES = {"c_index", "c_index_ipcw", "integrated_brier", "mae_days", "bias_days", "coverage_80"}
INTERVALS = {f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")}
METRICS = INTERVALS | {"baseline_c_index", "baseline_mae_days", "direction_price_gbp_share", "fit_seconds"}
PROBE = Path(__file__).with_name("pyfunc_probe.py")


@pytest.fixture
def parent(tracking: Trained) -> Run:
    """The run that the command opened."""
    return MlflowClient().get_run(tracking.summary["run_id"])


def _nested(parent: Run, role: str) -> list[Run]:
    nested = f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND tags.role = '{role}'"
    return MlflowClient().search_runs([parent.info.experiment_id], nested)


@pytest.fixture
def candidates(parent: Run) -> list[Run]:
    """The runs of candidates, nested in it."""
    return _nested(parent, "candidate")


@pytest.fixture
def baselines(parent: Run) -> list[Run]:
    """The runs of baselines, nested in it."""
    return _nested(parent, "baseline")


@pytest.fixture(scope="module")
def model(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registered model, downloaded."""
    return download(trained, MODEL_URI, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def package(model: Path) -> ModelPackage:
    """Its model package."""
    return open_package(model / mleap_flavor.MODEL_DATA_SUBPATH)


def test_the_contract_knows_how_the_like_of_a_row_spread(package: ModelPackage) -> None:
    """Its quantiles are multiples of the answer, around it, as the chosen candidate predicts them."""
    times = {each.share: each.times for each in package.contract.quantiles}
    assert 0 < times[0.1] < times[0.5] < 1.5
    assert list(times) == sorted(times)
    assert times.get(0.9, 2.0) > 1.5


def _assert_equal(answers: list[float], golden: tuple[GoldenRow, ...]) -> None:
    proof = compare(golden, answers)
    assert proof.rows > 60
    assert proof.passed, "\n".join(map(str, proof.differences[:5]))


def test_every_candidate_is_a_run_with_metrics_pictures_and_parameters(
    tracking: Trained, candidates: list[Run]
) -> None:
    """Four nested runs, each with figures and their intervals, its directions, and the baseline's figures."""
    assert {run.data.params["estimator"] for run in candidates} == ESTIMATORS
    assert len(candidates) == len(ESTIMATORS)
    for run in candidates:
        assert set(run.data.metrics) >= METRICS
        assert all(map(math.isfinite, run.data.metrics.values()))
        assert run.data.metrics["baseline_c_index"] == 0.5 < run.data.metrics["c_index"]
        assert run.data.params["horizon_days"] == "180"
        assert "listings from" in run.data.params["split"]
        pictures = {file.path for file in MlflowClient().list_artifacts(run.info.run_id, "pictures")}
        assert pictures >= {"pictures/calibration.png", "pictures/survival.png"}


def test_every_baseline_is_a_run_beside_the_candidates(
    tracking: Trained, parent: Run, candidates: list[Run], baselines: list[Run]
) -> None:
    """The same figures by the same names, so that one table compares all; the parent has the chosen one's."""
    names = {run.info.run_name for run in baselines}
    assert names == {"Kaplan-Meier overall", "Kaplan-Meier by segment", "Cox (lifelines)"}
    assert all(set(run.data.metrics) >= INTERVALS for run in baselines)
    assert {each["name"] for each in tracking.summary["baselines"]} == names
    (chosen,) = (run for run in candidates if run.data.tags["chosen"] == "yes")
    assert {name: parent.data.metrics[name] for name in INTERVALS} == {
        name: chosen.data.metrics[name] for name in INTERVALS
    }
    assert all(name in parent.data.tags["mlflow.note.content"] for name in names)


def test_the_parent_run_knows_its_data(parent: Run, candidates: list[Run], package: ModelPackage) -> None:
    """Digest, dataset, manifest and integrity report are logged; runs and package name the same digest."""
    digest = parent.data.params["data_digest"]
    assert {run.data.tags["training_data.digest"] for run in (parent, *candidates)} == {digest}
    assert package.provenance["training_data"] == digest
    (dataset,) = parent.inputs.dataset_inputs
    assert digest.startswith(dataset.dataset.digest)
    assert (dataset.dataset.name, dataset.dataset.source_type) == (SPEC.name, "spark")
    assert json.loads(dataset.dataset.profile)["num_rows"] == 4_000
    assert {column["name"] for column in json.loads(dataset.dataset.schema)["mlflow_colspec"]} > {
        ROW_ID,
        *(column.name for column in SPEC.columns),
    }
    assert pq.read_table(json.loads(dataset.dataset.source)["path"]).num_rows == 4_000
    assert parent.data.metrics["training_rows"] == 4_000
    assert parent.data.tags["integrity"] == "green"
    client = MlflowClient()
    files = {
        file.path
        for folder in ("integrity", "training_data", "evaluation")
        for file in client.list_artifacts(parent.info.run_id, folder)
    }
    assert files >= {
        "integrity/report.txt",
        "integrity/report.html",
        "integrity/report.json",
        "training_data/manifest.json",
        "evaluation/table.txt",
        "evaluation/evaluation.json",
    }


def test_the_version_leads_to_its_data(tracking: Trained, parent: Run) -> None:
    """The registered model and the run it was fitted in name the data set that the parent run does."""
    client = MlflowClient()
    version = client.get_model_version(SPEC.name, "1")
    (known,) = parent.inputs.dataset_inputs
    (dataset,) = client.get_run(version.run_id).inputs.dataset_inputs
    assert dataset.dataset == known.dataset
    logged = client.get_logged_model(version.source.removeprefix("models:/"))
    linked = [metric for metric in logged.metrics if metric.dataset_name]
    assert [(each.key, each.value, each.dataset_digest) for each in linked] == [
        ("training_rows", 4_000, known.dataset.digest)
    ]


def test_the_summary_tells_what_data_and_training_took(trained: Trained) -> None:
    """Seconds of either part, which the demo adds up."""
    seconds = trained.summary["seconds"]
    assert set(seconds) == {"data", "train"}
    assert all(value > 0 for value in seconds.values())


def test_the_package_is_signed_by_the_key_of_the_environment(trained: Trained, package: ModelPackage) -> None:
    """What was logged holds against its public half, and has every link of the chain."""
    checks = check_package(package.root, Path(trained.trusted))
    wrong = {check.subject for check in checks if not check.holds}
    # A training beside edits that were not committed says so, and is found out.
    assert wrong <= {"code commit"}
    assert "signature" in {check.subject for check in checks}


def test_the_best_candidate_is_the_one_version(tracking: Trained, candidates: list[Run]) -> None:
    """There is one version, of the run that is marked as chosen, and the summary says the same."""
    (version,) = MlflowClient().search_model_versions(f"name = '{SPEC.name}'")
    (best,) = (run for run in candidates if run.data.tags["chosen"] == "yes")
    assert "is chosen" in best.data.tags["choice"]
    assert version.run_id == best.info.run_id
    assert tracking.summary["version"] == str(version.version) == "1"
    assert tracking.summary["candidates"][0]["estimator"] == best.data.params["estimator"]
    assert tracking.summary["candidates"][0]["c_index"] == best.data.metrics["c_index"]
    assert version.tags["package.estimator"] == best.data.params["estimator"]


def test_the_version_is_described_by_a_card(tracking: Trained) -> None:
    """Its description leads to a page in the chosen candidate's run that holds each of the run's pictures."""
    client = MlflowClient()
    version = client.get_model_version(SPEC.name, "1")
    run = client.get_run(version.run_id)
    link = f"#/experiments/{run.info.experiment_id}/runs/{version.run_id}/artifacts/model_card.html"
    assert version.description.endswith(f"[Model card]({link})")
    assert f"concordance is {run.data.metrics['c_index_ipcw']:.3f}" in version.description
    pictures = {Path(file.path).stem for file in client.list_artifacts(version.run_id, "pictures")}
    curves = {f"dependence_{curve}" for curve in SPEC.judgement.curves}
    assert pictures >= {"calibration", "survival", "map", "importance", *curves}
    card = Path(mlflow.artifacts.download_artifacts(f"runs:/{version.run_id}/model_card.html"))
    written = card.read_text(encoding="utf-8")
    assert written.count("<figure>") == len(pictures)
    assert f"<code>{run.data.tags['training_data.digest']}</code>" in written
    assert all(use in written for use in ("Intended use", "Leaks checked", "Kaplan-Meier overall"))
    assert card.stat().st_size < 1_500_000


def test_the_version_carries_three_flavours_a_signature_and_an_example(
    tracking: Trained, package: ModelPackage
) -> None:
    """The signature speaks raw columns, dates may be left out where they default, and the example fits it."""
    info = mlflow.models.get_model_info(MODEL_URI)
    assert set(info.flavors) == {"spark", "mleap", "python_function"}
    assert info.flavors["mleap"]["package_digest"] == package.digest
    inputs = info.signature.inputs
    assert inputs.input_names() == [column.name for column in SPEC.columns]
    assert inputs.optional_input_names() == ["as_of", "mileage"]
    loaded = mlflow.models.Model.load(MODEL_URI)
    example = loaded.load_input_example(MODEL_URI)
    assert list(example.columns) == inputs.input_names()
    (days,) = mlflow.pyfunc.load_model(MODEL_URI).predict(example)
    assert 0.5 <= days <= 180


def test_golden_rows_stand_on_the_edges(package: ModelPackage) -> None:
    """Not only a sample: missing, unseen, empty and non-ASCII values, and both sides of boundaries."""
    kinds = {row.kind for row in package.golden}
    assert {
        "sample",
        "make: unseen",
        "make: empty",
        "make: non-ASCII",
        "outcode: unseen",
        "mileage: missing",
        "mileage: on a boundary",
        "mileage: one ulp below",
        "price_gbp: minimum",
        "registered_on: leap day",
        "every optional column missing",
    } <= kinds
    assert all(row.input["as_of"] for row in package.golden)
    assert len({row.days for row in package.golden}) > len(package.golden) / 2


def test_spark_gives_the_golden_answers(
    tracking: Trained, spark: SparkSession, model: Path, package: ModelPackage
) -> None:
    """The spark flavour behind the derivations answers the raw rows as recorded."""
    kinds = {"string": "string", "long": "double", "double": "double", "date": "date"}
    schema = ", ".join(f"{column.name} {kinds[column.type]}" for column in SPEC.columns)
    rows = [
        (f"{i:04}", *(_to_spark(column.type, row.input[column.name]) for column in SPEC.columns))
        for i, row in enumerate(package.golden)
    ]
    frame = spark.createDataFrame(rows, f"{ROW_ID} string, {schema}")
    pipeline = mlflow.spark.load_model(str(model))
    scored = pipeline.transform(derive(frame, SPEC, package.derivations.tables)).orderBy(ROW_ID)
    _assert_equal([row[PREDICTION] for row in scored.select(PREDICTION).collect()], package.golden)


def _to_spark(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "date":
        return date.fromisoformat(value)
    return float(value) if kind in {"long", "double"} else value


def test_the_mleap_flavour_gives_the_golden_answers(model: Path, package: ModelPackage) -> None:
    """Its bundle takes derived columns, and scores them without Spark."""
    bundle = mleap_flavor.load_model(str(model))
    derived = package.derivations.compile()
    parsed = [package.contract.parse(row.input, today=date.max) for row in package.golden]
    assert not any(problems for _, problems in parsed)
    answers = bundle.transform([derived(row) for row, _ in parsed])
    _assert_equal([answer[PREDICTION] for answer in answers], package.golden)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the libraries of this one, in which neither the toolkit nor Spark is installed."""
    return make_elsewhere(tmp_path_factory.mktemp("elsewhere")).parents[1]


def test_python_answers_raw_rows_where_neither_spark_nor_the_toolkit_is(
    trained: Trained, elsewhere: Path, package: ModelPackage
) -> None:
    """The python_function flavour brings its own code, needs no Spark, and names what is wrong with a row."""
    python = str(elsewhere / "bin" / "python")
    absent = subprocess.run([python, "-I", "-c", "import days_to_sell"], capture_output=True, check=False)
    assert b"No module named 'days_to_sell'" in absent.stderr
    good = [dict(row.input) for row in package.golden]
    bad = good[0] | {"price_gbp": 0}
    finished = subprocess.run(
        [python, "-I", str(PROBE), MODEL_URI],
        input=json.dumps([*good, bad]),
        cwd=elsewhere,
        env={"PATH": "/usr/bin:/bin", "HOME": str(elsewhere), "MLFLOW_TRACKING_URI": trained.store},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2_000:]
    found = json.loads(finished.stdout)
    assert Path(found["toolkit"]).parts[-3:] == ("code", "days_to_sell", "__init__.py")
    *answers, refusal = found["answers"]
    _assert_equal(answers, package.golden)
    assert "1 of 1 rows have no answer: row 0: price_gbp is too small; send a whole number" in refusal


def test_a_frame_with_a_bad_row_is_refused_by_row_and_field(tracking: Trained, package: ModelPackage) -> None:
    """The error counts the rows, and names each one's field with what it takes."""
    rows = pd.DataFrame([dict(row.input) for row in package.golden[:3]])
    rows.loc[1, "registered_on"] = "31/12/2020"
    loaded = mlflow.pyfunc.load_model(MODEL_URI)
    with pytest.raises(MlflowException, match=r"1 of 3 rows have no answer: row 1: registered_on is not"):
        loaded.predict(rows)
    assert len(loaded.predict(rows.drop(index=1))) == 2
