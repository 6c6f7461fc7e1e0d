"""``days-to-sell diff``, as a person reads it and as a program does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from tests.packages import make_package, rewrite
from tests.registered import register_folder
from tests.unit.cli.conftest import Call


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A registry with two versions: another constant, and a narrower contract."""
    store = f"sqlite:///{tmp_path}/registry.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    client = MlflowClient(store, store)
    client.create_registered_model("tiny-model")
    experiment = client.create_experiment("cars")
    for number in (1, 2):
        home = tmp_path / f"model-{number}"
        package = make_package(home / MODEL_DATA_SUBPATH, intercept=11.0 + number)
        if number == 2:
            rewrite(
                package.root, "contract.json", lambda text: text.replace('"minimum": 1', '"minimum": 500', 1)
            )
        run = client.create_run(experiment).info.run_id
        client.log_metric(run, "mae", 30.0 + number)
        register_folder(client, "tiny-model", home, run_id=run)
    return client


def test_two_versions_are_shown_beside_each_other(call: Call, registered: MlflowClient) -> None:
    """Each section says how much differs, then what; the contract speaks of consumers."""
    ended = call("diff", "tiny-model", 1, 2, "--rows", 2)
    assert ended.code == 0
    assert ended.out.startswith("tiny-model version 1 -> tiny-model version 2\n")
    assert "metrics: 1 of 1 differ\n  mae  31  ->  32\n" in ended.out
    assert "consumers break" in ended.out
    assert (
        "0 of 25 rows are answered the same\nmean change over rows that both answer: +1.000 days\n"
        in ended.out
    )
    assert ended.out.count("+1.000\n") == 2
    assert "  commit " not in ended.out
    assert "  commit  " in call("diff", "tiny-model", 1, 2, "--all").out


def test_everything_is_there_for_programs(call: Call, registered: MlflowClient) -> None:
    """The same versions by their addresses, beside a package in a folder."""
    document = json.loads(call("diff", "models:/tiny-model/1", "models:/tiny-model/2", "--json").out)
    assert document["contract"]["breaking"] is True
    assert document["metrics"] == [{"subject": "mae", "before": "31", "after": "32", "same": False}]
    assert len(document["answers"]["largest"]) == 10


def test_a_folder_can_be_either_side(call: Call, tmp_path: Path) -> None:
    """Without a registry; that it has no metrics is said apart from the answer."""
    package = make_package(tmp_path / "package")
    ended = call("diff", package.root, package.root)
    assert ended.code == 0
    assert "25 of 25 rows are answered the same" in ended.out
    assert "the contracts are the same" in ended.out
    assert "a folder has no run" in ended.err


@pytest.mark.parametrize("which", [("one",), ("a", "b", "c", "d")])
def test_another_number_of_names_is_refused(call: Call, which: tuple[str, ...]) -> None:
    """With how to name two."""
    ended = call("diff", *which)
    assert ended.code == 2
    assert "name two" in ended.err
