"""What was done of a training in steps is found again, and only what was done."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from days_to_sell.errors import RegistryError
from days_to_sell.models import find_model
from days_to_sell.registry.flow import Flow, key_of

JUNE, MAY = "2025-06-30", "2025-05-31"


@pytest.fixture(autouse=True)
def experiment(client: MlflowClient, tmp_path: Path) -> None:
    """The experiment that steps run in."""
    mlflow.set_tracking_uri(client.tracking_uri)
    made = client.create_experiment("flats", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment(experiment_id=made)


def do(flow: Flow, step: str, key: str, snapshot: str, *, killed: bool = False) -> str:
    """Do a step, or be killed before its end."""
    with mlflow.start_run() as run:
        flow.begin(step)
        if not killed:
            flow.finish(snapshot, key, {"made": run.info.run_id})
        return str(run.info.run_id)


def test_a_step_finds_what_the_one_before_left() -> None:
    """The newest run of the same model, lake and day that was done, with what it left."""
    flow = Flow("flats", "lake", JUNE)
    do(flow, "data", "k1", JUNE)
    newest = do(flow, "data", "k2", JUNE)
    do(flow, "data", "k3", MAY)
    do(Flow("flats", "other", JUNE), "data", "k4", JUNE)
    do(Flow("houses", "lake", JUNE), "data", "k5", JUNE)
    with mlflow.start_run():
        done = flow.needed("data")
        assert (done.run_id, done.key, done.left) == (newest, "k2", {"made": newest})
        assert flow.found("data", "k1") is not None
        assert flow.found("data", "k3") is None
        newest_day = Flow("flats", "lake").needed("data")
    assert newest_day.key == "k3"


def test_who_was_killed_did_nothing() -> None:
    """A run that did not say at its end that it is done is passed over, and the message says what to run."""
    flow = Flow("flats", "lake", JUNE)
    do(flow, "fit", "k1", JUNE, killed=True)
    with mlflow.start_run():
        assert flow.found("fit") is None
        with pytest.raises(RegistryError, match=r"step 'fit' of model 'flats' was not done.*mlflow run"):
            flow.needed("fit")


def test_a_key_is_of_the_data_and_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another training set or another version of Spark is another key; the folder it lies in is not."""
    model = find_model("dealer_stock")
    key = key_of(model, "sets/dealer_stock/0a1b")
    assert key == key_of(model, "elsewhere/dealer_stock/0a1b")
    assert key != key_of(model, "sets/dealer_stock/ffff")
    assert key != key_of(find_model("days_to_sell"), "sets/dealer_stock/0a1b")
    monkeypatch.setattr("pyspark.__version__", "3.5.99")
    assert key != key_of(model, "sets/dealer_stock/0a1b")
