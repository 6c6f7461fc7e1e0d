"""Metrics, baseline and pictures on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from days_to_sell.training import plots
from days_to_sell.training.evaluate import calibration_by_decile, kaplan_meier_days, measure

ROWS = pd.DataFrame(
    {
        "duration": [10.0, 20.0, 30.0, 40.0],
        "observed": [1.0, 0.0, 1.0, 1.0],
        "target": [10.0, 20.0, 30.0, 40.0],
        "weight": [1.0, 0.0, 1.5, 1.5],
    }
)


def test_metrics_are_those_worked_out_by_hand() -> None:
    """Of four comparable pairs three are in order; errors count by weight, unknown targets not at all."""
    found = measure(ROWS, np.array([12.0, 99.0, 40.0, 30.0]))
    assert found.c_index == pytest.approx(3 / 4)
    assert found.mae_days == pytest.approx((2 + 15 + 15) / 4)
    assert found.bias_days == pytest.approx((2 + 15 - 15) / 4)


def test_a_constant_has_concordance_one_half() -> None:
    """What tells no row from another is neither right nor wrong."""
    assert measure(ROWS, np.full(4, 25.0)).c_index == 0.5


def test_the_baseline_is_the_area_under_kaplan_meier() -> None:
    """Survival is 1, 3/4 from day 10, 3/8 from day 30; up to day 35 the area is 10 + 15 + 15/8."""
    assert kaplan_meier_days(ROWS, 35) == pytest.approx(10 + 0.75 * 20 + 0.375 * 5)


def _hundred() -> pd.DataFrame:
    days = np.arange(1.0, 101.0)
    return pd.DataFrame({"days": days, "duration": days, "observed": 1.0, "target": days, "weight": 1.0})


def test_calibration_compares_tenths() -> None:
    """Predictions that are right lie on the diagonal, tenth by tenth."""
    table = calibration_by_decile(_hundred())
    assert table["predicted"].tolist() == table["actual"].tolist() == [5.5 + 10 * i for i in range(10)]


def test_plots_show_what_they_are_named_after() -> None:
    """The calibration plot holds ten points, the survival plot one curve a third, up to the horizon."""
    (calibration,) = plots.calibration(_hundred(), "title").axes
    assert [len(line.get_xdata()) for line in calibration.lines] == [2, 10]
    (survival,) = plots.survival_by_prediction(_hundred(), "title", 90).axes
    assert [text.get_text() for text in survival.get_legend().get_texts()] == list(plots.THIRDS)
    assert survival.get_xlim() == (0, 90)
