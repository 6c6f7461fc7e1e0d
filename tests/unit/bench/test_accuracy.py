"""The benchmark of accuracy: which truth it takes, and when it says that a target was missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.accuracy import TARGET, missed_by, read_truth
from days_to_sell.models import find_model
from days_to_sell.training.evaluation import Estimate

RATIOS = (("worse", 0.7), ("best", 0.97))


def test_the_truth_is_that_of_the_training_rows(tmp_path: Path) -> None:
    """One expectation within the horizon for each car, by the id of the advert that stands for it."""
    model = find_model("days_to_sell")
    snapshot = model.write_example_lake(tmp_path, data=None, adverts=300, seed=3)
    truth = read_truth(tmp_path, snapshot.isoformat())
    adverts = pd.read_parquet(tmp_path / "adverts" / f"snapshot_date={snapshot}")
    assert len(truth) == 300
    assert set(truth.index) <= set(adverts["advert_id"])
    assert truth.between(0.5, model.spec.horizon).all()


def test_the_target_is_for_the_best_candidate_and_its_interval() -> None:
    """A candidate that is worse does not count; one whose interval reaches below the target misses it."""
    ratios = {name: Estimate(value, value - 0.01, value + 0.01, np.array([])) for name, value in RATIOS}
    assert missed_by(ratios) == ()
    unsure = {"unsure": Estimate(0.99, 0.90, 1.02, np.array([]))}
    assert missed_by(ratios | unsure) == (f"the ratio of unsure is surely above 0.900 only, not {TARGET}",)
