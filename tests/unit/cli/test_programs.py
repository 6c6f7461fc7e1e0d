"""What the programs that commands start get from the process that starts them."""

from __future__ import annotations

import pytest

from days_to_sell.cli.programs import OF_THIS_PROCESS, job_environment


def test_a_job_does_not_inherit_the_run_of_the_process_that_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MLflow would log to that run, or refuse an experiment named twice; everything else is handed on."""
    for name in OF_THIS_PROCESS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    environment = job_environment({"MLFLOW_RUN_ID": "asked for"})
    assert environment.keys() & OF_THIS_PROCESS == {"MLFLOW_RUN_ID"}
    assert environment["MLFLOW_TRACKING_URI"] == "sqlite:///elsewhere.db"
