"""The map puts each area where it lies, to scale, and tells bias from chance where it can."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from days_to_sell.data.places import Places
from days_to_sell.training.evaluation import Exam
from days_to_sell.training.pictures.places import LARGEST, bias_by_area, map_of_bias
from days_to_sell.training.pictures.style import headings
from tests.unit.training.pictures.planted import SPEC, fold

PLACES = Places({"N1": "N", "S1": "S", "W1": "W"}, {"N": (58.0, -4.0), "S": (51.0, -1.0), "W": (52.0, -4.0)})


def planted() -> tuple[Exam, pd.DataFrame]:
    """Rows that are right in the south, 12 days too long in the north, and hardly any in the west."""
    rows = fold(240)
    number = np.arange(len(rows))
    outcode = np.select([number < 80, number < 230, number < 236], ["N1", "S1", "W1"], "XX")
    # Left and right in turn, so that the south is right on average only.
    error = np.where(outcode == "N1", 12.0, np.where(number % 2 == 0, 3.0, -3.0))
    rows = rows.assign(outcode=outcode, days=rows["duration"] + error)
    return Exam.of(SPEC, rows, replicates=60), rows


def test_bias_is_averaged_by_area_with_an_interval_where_groups_suffice() -> None:
    """An area with six sellers has a bias and no interval; a place that nobody knows is on no map."""
    exam, rows = planted()
    table = bias_by_area(exam, rows, PLACES, "outcode").set_index("area")
    assert table["rows"].to_dict() == {"N": 80, "S": 150, "W": 6}
    assert table["bias_days"].to_dict() == pytest.approx({"N": 12.0, "S": 0.0, "W": 0.0}, abs=1e-9)
    assert table.loc["N", "bias_days_low"] == pytest.approx(12.0)
    assert table.loc["S", "bias_days_low"] < 0 < table.loc["S", "bias_days_high"]
    assert np.isnan(table.loc["W", "bias_days_low"])
    assert (table.loc["N", "latitude"], table.loc["N", "longitude"]) == (58.0, -4.0)


def test_bias_weighs_for_censoring_over_the_whole_fold() -> None:
    """A row whose end was not seen counts in no mean, and those of its length stand in for it."""
    _, rows = planted()
    lost = np.arange(len(rows)) % 3 == 0
    days = rows["duration"] * 0.5 + np.where(lost, 1_000.0, 0.0)
    seen = rows.assign(observed=np.where(lost, 0.0, 1.0), days=days)
    exam = Exam.of(SPEC, seen, replicates=20)
    table = bias_by_area(exam, seen, PLACES, "outcode").set_index("area")
    north = (seen["outcode"] == "N1").to_numpy()
    weights = exam.outcomes.known_weights(exam.outcomes.ones)[north]
    expected = np.average(-0.5 * seen["duration"][north], weights=weights)
    assert table.loc["N", "bias_days"] == pytest.approx(expected)
    assert np.ptp(weights[weights > 0]) > 0.5
    assert table.loc["N", "rows"] == 80


def test_the_map_is_drawn_to_scale_with_the_odd_areas_ringed() -> None:
    """A degree of longitude is cos(latitude) of one of latitude; sizes go by rows, rings by intervals."""
    exam, rows = planted()
    figure = map_of_bias(bias_by_area(exam, rows, PLACES, "outcode"), "of 240", "postcode area")
    axes = figure.axes[0]
    assert headings(figure)[0] == "1 of 2 postcode areas are off by more than chance allows"
    assert "pale: 1 postcode areas with too few rows apart to say" in " ".join(headings(figure)[1].split())
    assert axes.get_aspect() == pytest.approx(1 / math.cos(math.radians(54.5)))
    marks = axes.collections[0]
    assert marks.get_offsets().tolist() == [[-1.0, 51.0], [-4.0, 58.0], [-4.0, 52.0]]
    assert marks.get_sizes()[:2] == pytest.approx([LARGEST, LARGEST * 80 / 150])
    assert list(marks.get_linewidths()) == [0.5, 1.6, 0.5]
    south, north, west = marks.get_facecolors()
    assert north[0] > north[2], "too long a prediction is orange"
    assert (south[3], west[3]) == (1.0, 0.6)
    assert {text.get_text() for text in axes.texts} == {"N", "S", "W", "100 km"}
    (scale,) = axes.lines
    kilometres = np.ptp(scale.get_xdata()) * 111.2 * math.cos(math.radians(54.5))
    assert kilometres == pytest.approx(100)


def test_a_map_without_any_area_of_many_groups_says_so() -> None:
    """There is nothing to tell from chance, and the title does not pretend."""
    exam, rows = planted()
    west = Places({"W1": "W"}, {"W": (52.0, -4.0)})
    figure = map_of_bias(bias_by_area(exam, rows, west, "outcode"), "of six")
    assert headings(figure)[0] == "No area has rows enough to tell its bias from chance"
