"""MLflow's own SQLite store, fresh for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, made once."""
    database = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{database}").search_registered_models()
    return database


@pytest.fixture
def client(store: Path, tmp_path: Path) -> MlflowClient:
    """A client of a fresh copy of it."""
    shutil.copy(store, tmp_path / "mlflow.db")
    return MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
