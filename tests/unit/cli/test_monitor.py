"""``days-to-sell monitor``: what its options exclude, and the way from a lake to live outcomes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from days_to_sell.cli.monitor import _Outcomes
from days_to_sell.models import find_model
from days_to_sell.scoring.package import ModelPackage
from tests.lakes import DAY, small_lake
from tests.packages import make_package
from tests.unit.cli.conftest import Call


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--once", "--every", "60"), 2, "exclude one another"),
        (("--retrain",), 2, "--retrain needs --lake to train from, or --retrain-command"),
        (("--every", "0"), 2, "not in the range"),
        (("--alarm", "6", "5"), 1, "choose 1 <= N <= M"),
        (("--webhook", "file:///etc/passwd"), 1, "is no address to post to"),
        (("--lake", "lake"), 1, "no folder in models/ declares 'no-such-model'"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_is_asked(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    """No service, no registry and no Spark is needed to tell."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    ended = call("monitor", "no-such-model", *options)
    assert not list(tmp_path.iterdir()), "a registry was opened"
    assert ended.code == code
    assert says in ended.err


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A released package, trained on a snapshot 45 days before that of the lake."""
    made = make_package(tmp_path / "package", model="days-to-sell")
    return replace(made, provenance={"snapshot": "2025-05-16"})


def test_outcomes_come_from_the_newest_snapshot_of_the_lake(
    spark: SparkSession, package: ModelPackage, tmp_path: Path
) -> None:
    """Its training data is built and checked as always; adverts listed since training are judged once."""
    lake = small_lake(adverts=8).write(tmp_path / "lake")
    outcomes = _Outcomes(find_model("days_to_sell"), lake, str(tmp_path / "sets"), "local[2]")
    live = outcomes(package, "")
    assert live is not None
    # Of the adverts a1 to a8, listed every ten days back from the snapshot, and every other one sold.
    assert (live.rows, live.sold, live.refused, live.snapshot) == (4, 2, 0, DAY.isoformat())
    assert outcomes(package, DAY.isoformat()) is None
