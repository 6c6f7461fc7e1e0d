"""Any Spark pipeline is logged as one model with three flavours, proved, typed and with an example."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from pyspark.ml import Pipeline, PipelineModel, feature, regression
from pyspark.sql import DataFrame, SparkSession

from days_to_sell.errors import BundleError, ExportError
from days_to_sell.registry import mleap_flavor
from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.registry.mleap_files import TRAVELS
from days_to_sell.registry.mleap_sample import default_output, prove, take_sample
from days_to_sell.scoring import load_bundle
from days_to_sell.training.spark.mleap_releases import RELEASES
from tests.packages import CAR, days_by_formula, make_package

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "mleap.md"
ROWS = [
    ("flat", 54.0, 2, 210.0),
    ("house", 91.0, 4, 340.0),
    ("flat", 70.0, 3, 265.0),
    ("house", 120.0, 5, 410.0),
    ("flat", 33.0, 1, 150.0),
]
READ = ["kind", "area", "rooms"]


@pytest.fixture(scope="module")
def homes(spark: SparkSession) -> DataFrame:
    """Homes with their prices; of one, the rooms are not known."""
    rows = [*ROWS, ("villa", 300.0, None, 990.0)]
    return spark.createDataFrame(rows, "kind string, area double, rooms int, price double").coalesce(1)


@pytest.fixture(scope="module")
def pipeline(homes: DataFrame) -> PipelineModel:
    """A fitted pipeline that has nothing to do with cars."""
    stages = [
        feature.StringIndexer(inputCol="kind", outputCol="rank", handleInvalid="skip"),
        feature.OneHotEncoder(inputCols=["rank"], outputCols=["hot"]),
        feature.VectorAssembler(
            inputCols=["area", "rooms", "hot"], outputCol="features", handleInvalid="keep"
        ),
        regression.LinearRegression(labelCol="price", regParam=0.1),
    ]
    return Pipeline(stages=stages).fit(homes.dropna())


@pytest.fixture(scope="module")
def saved(pipeline: PipelineModel, homes: DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pipeline saved with all that can be left to the flavour."""
    path = tmp_path_factory.mktemp("saved") / "model"
    mleap_flavor.save_model(pipeline, str(path), sample_input=homes)
    return path


def _by_spark(pipeline: PipelineModel, homes: DataFrame) -> list[float]:
    return [row["prediction"] for row in pipeline.transform(homes).collect()]


def test_a_model_has_three_flavours_a_signature_and_an_example(saved: Path) -> None:
    """The metadata says what made it; the example holds whole rows, and JSON that every parser takes."""
    model = Model.load(str(saved))
    assert set(model.flavors) == {"spark", "mleap", "python_function"}
    assert model.flavors["mleap"] == {
        "mleap_version": "0.16.0",
        "model_data": "mleap/bundle.zip",
        "code": "code",
    }
    assert model.flavors["python_function"]["loader_module"] == "days_to_sell.registry.mleap_flavor"
    assert str(model.signature.inputs) == (
        "['kind': string (required), 'area': double (required), 'rooms': long (required)]"
    )
    assert str(model.signature.outputs) == "['prediction': double (required)]"
    example = model.load_input_example(str(saved))
    assert example.to_dict("list") == {name: [row[i] for row in ROWS] for i, name in enumerate(READ)}
    written = (saved / "serving_input_example.json").read_text()
    json.loads(written, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert (saved / "requirements.txt").read_text().split() == [
        f"mlflow=={mlflow.__version__}",
        *mleap_flavor.get_default_pip_requirements(),
    ]


def test_every_flavour_answers_as_spark_does(saved: Path, pipeline: PipelineModel, homes: DataFrame) -> None:
    """The pipeline read back, the bundle row by row, and the frame that pandas makes of Spark's."""
    whole = homes.dropna()
    expected = _by_spark(pipeline, whole)
    assert _by_spark(mlflow.spark.load_model(str(saved)), whole) == expected
    rows = [row.asDict() for row in whole.collect()]
    bundle = mleap_flavor.load_model(str(saved))
    assert [row["prediction"] for row in bundle.transform(rows)] == pytest.approx(expected, rel=1e-9)
    found = mlflow.pyfunc.load_model(str(saved)).predict(whole.toPandas())
    assert list(found) == pytest.approx(expected, rel=1e-9)


def test_whoever_loads_a_model_can_choose_what_it_predicts(saved: Path) -> None:
    """By MLflow's own model_config; a list gives a frame."""
    loaded = mlflow.pyfunc.load_model(str(saved), model_config={"output_columns": ["hot", "prediction"]})
    assert list(loaded.predict(pd.DataFrame(ROWS[:1], columns=[*READ, "price"])).columns) == [
        "hot",
        "prediction",
    ]
    with pytest.raises(MlflowException, match="the pipeline writes no price"):
        mlflow.pyfunc.load_model(str(saved), model_config={"output_columns": "price"})


def test_a_row_that_the_pipeline_skips_is_refused_by_name(saved: Path) -> None:
    """Answers and rows pair up, so leaving one out in silence is no choice."""
    rows = pd.DataFrame([*ROWS[:2], ("castle", 900.0, 40, 0.0)], columns=[*READ, "price"])
    with pytest.raises(MlflowException, match="1 of 3 rows have no answer: row 2: the pipeline drops it"):
        mlflow.pyfunc.load_model(str(saved)).predict(rows)


def test_spark_itself_can_call_the_model(saved: Path, spark: SparkSession, pipeline: PipelineModel) -> None:
    """As a function of columns, which MLflow makes of every model with a signature."""
    frame = spark.createDataFrame(ROWS, "kind string, area double, rooms long, price double").coalesce(1)
    predict = mlflow.pyfunc.spark_udf(spark, str(saved), env_manager="local")
    found = [row[0] for row in frame.select(predict(*READ)).collect()]
    assert found == pytest.approx(_by_spark(pipeline, frame), rel=1e-9)


def test_a_model_is_logged_as_mlflow_logs_its_own(
    client: MlflowClient,
    pipeline: PipelineModel,
    homes: DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Name, parameters, tags, metadata, version, code and requirements arrive where MLflow has them."""
    mine = tmp_path / "mine.py"
    mine.write_text("ANSWER = 42\n")
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(client._tracking_client.tracking_uri)
    try:
        with mlflow.start_run() as run:
            info = mleap_flavor.log_model(
                pipeline,
                "homes",
                code_paths=[str(mine)],
                registered_model_name="homes",
                metadata={"owner": "us"},
                extra_pip_requirements=["click"],
                params={"trees": 0},
                tags={"kind": "homes"},
                step=3,
                sample_input=homes,
                output_columns=["prediction", "features"],
                spark_flavor=False,
            )
        logged = client.get_logged_model(info.model_id)
        local = Path(mlflow.artifacts.download_artifacts(info.model_uri))
        registered = client.get_model_version("homes", "1")
        ((output,),) = [client.get_run(run.info.run_id).outputs.model_outputs]
    finally:
        mlflow.set_tracking_uri(before)
    assert (logged.name, logged.params, logged.tags["kind"]) == ("homes", {"trees": "0"}, "homes")
    assert (output.model_id, output.step) == (info.model_id, 3)
    assert (registered.source, info.registered_model_version) == (info.model_uri, 1)
    assert set(info.flavors) == {"mleap", "python_function"}
    assert not (local / "sparkml").exists()
    assert info.metadata == {"owner": "us"}
    assert (
        str(info.signature.outputs)
        == "['prediction': double (required), 'features': Array(double) (required)]"
    )
    assert (local / "code" / "mine.py").is_file()
    assert "click" in (local / "requirements.txt").read_text().split()


def test_a_model_package_is_carried_whole(pipeline: PipelineModel, tmp_path: Path) -> None:
    """Raw columns by its contract, its digest in the metadata, and a damaged one is not loaded."""
    package = make_package(tmp_path / "package")
    path = tmp_path / "model"
    mleap_flavor.save_model(pipeline, str(path), model_package=package.root)
    model = Model.load(str(path))
    assert model.flavors["mleap"]["package_digest"] == package.digest
    assert model.signature.inputs.input_names() == ["price_gbp", "valuation_gbp", "mileage"]
    loaded = mlflow.pyfunc.load_model(str(path))
    assert list(loaded.predict(pd.DataFrame([CAR]))) == [pytest.approx(days_by_formula(CAR))]
    assert list(mleap_flavor.load_model(str(path)).outputs) == ["features", "days"]
    with pytest.raises(MlflowException, match="output_columns do not go with model_package"):
        mleap_flavor.save_model(
            pipeline, str(tmp_path / "two"), model_package=package.root, output_columns="days"
        )


def test_what_is_missing_or_does_not_fit_is_said_before_anything_is_written(
    pipeline: PipelineModel, homes: DataFrame, tmp_path: Path
) -> None:
    """A sample, its rows, a signature, an example: each refusal names what to give."""
    refusals = {
        "sample_input is missing": {},
        "gives no type to kind, area, rooms": {"sample_input": homes, "signature": False},
        "the pipeline writes no nothing": {"sample_input": homes, "output_columns": "nothing"},
        "the model does not answer input_example": {"sample_input": homes, "input_example": {"kind": "flat"}},
        "answers none of the first 100 rows": {"sample_input": homes.where("area < 0")},
    }
    for said, arguments in refusals.items():
        with pytest.raises(MlflowException, match=said):
            mleap_flavor.save_model(pipeline, str(tmp_path / "model"), **arguments)
        assert list((tmp_path / "model").iterdir()) == []
    with pytest.raises(ExportError, match=r"refused the pipeline: .*price"):
        mleap_flavor.save_model(pipeline, str(tmp_path / "model"), sample_input=homes.select("price"))


def test_a_stage_that_only_mleap_knows_is_named(spark: SparkSession, tmp_path: Path) -> None:
    """It exports, but nothing would score it without a JVM."""
    frame = spark.createDataFrame([("two words",)], "text string")
    with pytest.raises(BundleError, match="tokenizer"):
        mleap_flavor.save_model(
            feature.Tokenizer(inputCol="text", outputCol="words"), str(tmp_path), sample_input=frame
        )


def test_a_bundle_that_answers_otherwise_is_not_saved(
    pipeline: PipelineModel, homes: DataFrame, tmp_path: Path
) -> None:
    """The proof names the row, and the first stage at which the bundle leaves Spark."""
    export_bundle(pipeline, homes, tmp_path / "bundle.zip")
    bundle = load_bundle(tmp_path / "bundle.zip")
    other = regression.LinearRegression(labelCol="area").fit(
        pipeline.transform(homes.dropna()).drop("prediction")
    )
    sample = take_sample(PipelineModel([*pipeline.stages[:-1], other]), homes, bundle)
    prove(bundle, take_sample(pipeline, homes, bundle))
    with pytest.raises(ExportError) as refused:
        prove(bundle, sample)
    assert "does not answer as Spark does on 5 of 5 rows of sample_input" in str(refused.value)
    assert re.search(r"first on row 0, at stage 4, linear_regression .*column prediction", str(refused.value))


def test_what_is_predicted_by_default_is_what_the_last_stage_writes(
    pipeline: PipelineModel, homes: DataFrame, tmp_path: Path
) -> None:
    """Its prediction, in a pipeline in a pipeline too, or its last column where it predicts nothing."""
    export_bundle(pipeline, homes, tmp_path / "bundle.zip")
    bundle = load_bundle(tmp_path / "bundle.zip")
    assert default_output(PipelineModel([pipeline]), bundle) == "prediction"
    assert (
        default_output(PipelineModel(pipeline.stages[:-1]), bundle.select(["rank", "hot", "features"]))
        == "features"
    )


def test_the_guide_runs_as_it_is_written(
    client: MlflowClient, homes: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks one after another, in the session that runs already; its table is what the check knows."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(client._tracking_client.tracking_uri)
    names: dict[str, Any] = {}
    try:
        exec(compile("\n".join(blocks), str(GUIDE), "exec"), names)  # noqa: S102 - it is our own page
    finally:
        mlflow.set_tracking_uri(before)
    assert list(names["both"].predict(names["homes"].toPandas())["prediction"]) == [
        row["prediction"]
        for row in names["bundle"].transform([row.asDict() for row in names["homes"].collect()])
    ]
    rows = re.findall(
        r"^\| ([\d.]+) \| ([\d.]+) \| \d+ \| `\S+_\S+:([\d.]+)` \| (.+) \|$", text, re.MULTILINE
    )
    known = {(each.spark, each.scala, each.mleap, each.tested_by) for each in RELEASES}
    assert len(rows) == 4
    assert set(rows) <= known


def test_a_flavour_reads_like_mlflows_own() -> None:
    """The functions that MLflow asks of a flavour, with its names of arguments, each of them documented."""
    own = set(inspect.signature(mlflow.spark.log_model).parameters) - {"kwargs"}
    newer = {"name", "params", "tags", "model_type", "step", "model_id"}
    assert own | newer <= set(inspect.signature(mleap_flavor.log_model).parameters)
    saves = set(inspect.signature(mlflow.spark.save_model).parameters) - {"kwargs"}
    assert saves <= set(inspect.signature(mleap_flavor.save_model).parameters)
    for function in (mleap_flavor.save_model, mleap_flavor.log_model, mleap_flavor.load_model):
        arguments = (function.__doc__ or "").split("Args:")[1].split("Raises:")[0]
        documented = re.findall(r"^ {8}(\w+): ", arguments, re.MULTILINE)
        assert documented == list(inspect.signature(function).parameters)
        assert "{{" not in (function.__doc__ or "")
    pip = mleap_flavor.get_default_conda_env()["dependencies"][-1]["pip"]
    assert pip[1:] == mleap_flavor.get_default_pip_requirements()


def test_what_travels_is_there_and_needs_nothing_that_stays() -> None:
    """Every part exists, and no module of them imports another of ours at its top."""
    home = Path(mleap_flavor.__file__).parents[1]
    files = [
        file
        for part in TRAVELS
        for file in ((home / part).rglob("*.py") if (home / part).is_dir() else [home / part])
    ]
    assert all(file.is_file() for file in files)
    modules = {".".join(("days_to_sell", *file.relative_to(home).with_suffix("").parts)) for file in files}
    modules |= {name.removesuffix(".__init__") for name in modules}
    for file in files:
        for name in re.findall(r"^(?:from|import) (days_to_sell[\w.]*)", file.read_text(), re.MULTILINE):
            assert name in modules, f"{file.relative_to(home)} imports {name}, which stays behind"
