"""What the command line says of a plain MLflow server, whose registry has no gates."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from days_to_sell.cli.promote import promote
from days_to_sell.errors import RegistryError
from days_to_sell.registry.versions import Registry
from tests.mlflow_servers import GatedServer
from tests.registered import log_package, register

pytestmark = [pytest.mark.parts, pytest.mark.filterwarnings("ignore::FutureWarning")]

MODEL = "days-to-sell"


def test_a_registry_without_gates_is_warned_of_and_keeps_no_override(tmp_path: Path) -> None:
    """Of a model that has gates, seen over HTTP; the reason of an override would be lost there."""
    server = GatedServer(tmp_path / "mlflow", f"sqlite:///{tmp_path / 'mlflow.db'}", scheme="")
    server.start()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    try:
        client = MlflowClient(server.url)
        experiment = client.create_experiment("without gates", str(tmp_path / "artifacts"))
        source, _ = log_package(client, tmp_path / "logged", model=MODEL, experiment=experiment)
        client.create_registered_model(MODEL)
        version = register(client, MODEL, source)

        refused = CliRunner().invoke(promote, [MODEL, version, "--override", "because"])
        assert isinstance(refused.exception, RegistryError)
        assert f"this registry has no gates for '{MODEL}'" in str(refused.exception)
        assert Registry(client).production(MODEL) is None

        done = CliRunner().invoke(promote, [MODEL, version])
        assert done.exit_code == 0, done.output
        assert "warning: nothing in this registry keeps red gates out of Production" in done.stderr
    finally:
        mlflow.set_tracking_uri(before)
        server.stop()
