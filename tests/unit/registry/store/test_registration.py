"""MLflow finds the gated store, whichever module is imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest
from mlflow.server.handlers import ModelRegistryStoreRegistryWrapper

# Each leads to MLflow's server by another way.
FIRST = ["days_to_sell.registry.store.gated", "days_to_sell.registry.store.bytes"]


@pytest.mark.parametrize("module", FIRST)
def test_the_store_is_registered_whatever_was_imported_first(module: str) -> None:
    """MLflow warns where it cannot load an entry point; then no address of ours would be known to it."""
    program = f"import {module}; import mlflow.server.handlers"
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("scheme", ["dts+sqlite", "dts+postgresql", "dts+postgresql+psycopg"])
def test_each_driver_that_the_toolkit_carries_is_an_address(scheme: str) -> None:
    """MLflow takes all that stands before ``://`` as the name."""
    builder = ModelRegistryStoreRegistryWrapper().get_store_builder(f"{scheme}://somewhere/database")
    assert builder.__module__ == "days_to_sell.registry.store.entry"
