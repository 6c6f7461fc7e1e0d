"""Each picture shows what was planted: the marks, the labels with their units, and a title that says it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers
from matplotlib.colors import to_hex

from days_to_sell.training.evaluation import AcceleratedLife, Band, Outcomes
from days_to_sell.training.pictures.album import pictures_of_candidate, pictures_of_chosen
from days_to_sell.training.pictures.calibration import calibration
from days_to_sell.training.pictures.dependence import dependence
from days_to_sell.training.pictures.importance import importance
from days_to_sell.training.pictures.slices import slices
from days_to_sell.training.pictures.style import GREEN, ORANGE, draw, headings
from days_to_sell.training.pictures.survival import THIRDS, survival_by_third, survival_curves
from tests.unit.training.pictures.planted import SPEC, estimate, examined, fold, sliced


def test_calibration_marks_each_band_and_counts_those_that_hold() -> None:
    """A band whose interval holds its prediction sells when predicted; scales are alike."""
    bands = [Band(10, 20.0, estimate(22.0, 18.0, 26.0)), Band(10, 40.0, estimate(55.0, 50.0, 60.0))]
    figure = calibration(bands, "of two")
    (axes,) = figure.axes
    assert headings(figure)[0] == "1 of 2 tenths sell when predicted"
    diagonal, marks = axes.lines
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert (list(marks.get_xdata()), list(marks.get_ydata())) == ([20.0, 40.0], [22.0, 55.0])
    (bars,) = axes.collections
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[18.0, 26.0], [50.0, 60.0]]
    assert axes.get_xlim() == axes.get_ylim()
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "mean predicted days",
        "mean actual days, weighted for censoring",
    )


def test_survival_shows_what_was_seen_beside_what_was_predicted() -> None:
    """Where all of a third sell on their day, Kaplan-Meier falls on it, and so does a right prediction."""
    rows = pd.DataFrame({"duration": [10.0] * 4 + [20.0] * 4 + [60.0] * 4, "observed": 1.0})
    rows["days"] = rows["duration"]
    life = AcceleratedLife.of(Outcomes.of(rows, 90), rows["days"].to_numpy(), rows["days"].to_numpy())
    table = survival_by_third(rows, life, 90)
    for third, day in zip(THIRDS, (10, 20, 60), strict=True):
        curve = table[table["third"] == third].set_index("day")
        for share in ("seen", "predicted"):
            assert curve[share].loc[day - 1] == 1.0
            assert curve[share].loc[day] == 0.0
    figure = survival_curves(table, "of twelve")
    (axes,) = figure.axes
    assert headings(figure)[0] == "Half of the soonest third is gone by day 10, of the latest by day 60"
    shown = [text.get_text() for text in axes.get_legend().get_texts()]
    assert shown == [*THIRDS, "as predicted"]
    assert [line.get_linestyle() for line in axes.lines[:6]] == ["-", "--"] * 3
    assert (axes.get_xlim(), axes.get_xlabel()) == ((0, 90), "days since listing")


def test_a_third_of_which_less_than_half_is_gone_says_so() -> None:
    """The day is not known, only that it lies beyond the horizon."""
    rows = pd.DataFrame({"duration": [10.0, 20.0, 120.0] * 10, "observed": 1.0}).sort_values("duration")
    rows = rows.reset_index(drop=True).assign(days=lambda frame: frame["duration"])
    life = AcceleratedLife.of(Outcomes.of(rows, 90), rows["days"].to_numpy(), rows["days"].to_numpy())
    figure = survival_curves(survival_by_third(rows, life, 90), "of thirty")
    assert headings(figure)[0].endswith("of the latest by day 90 or later")


def test_slices_stand_below_their_column_with_odd_ones_in_another_colour() -> None:
    """Bias that leaves out zero is counted and coloured; a slice too small to say anything is left out."""
    results = [
        sliced("make", "Ford", (1.0, -2.0, 4.0), rows=1_200),
        sliced("make", "Fiat", (6.0, 2.0, 9.0)),
        sliced("fuel_type", "Diesel", (0.0, -1.0, 1.0)),
        replace(sliced("fuel_type", "Gas", (0.0, 0.0, 0.0)), metrics={}),
    ]
    overall = {"mae_days": estimate(11.0, 9.0, 13.0), "bias_days": estimate(0.5, -1.0, 2.0)}
    figure = slices(results, overall, "of all")
    errors, bias = figure.axes
    assert headings(figure)[0].startswith("1 of 3 slices are off to one side")
    names = [label.get_text() for label in errors.get_yticklabels()]
    assert names == ["make", "Ford  (1,200)", "Fiat  (100)", "fuel type", "Diesel  (100)"]
    assert (errors.get_xlabel(), bias.get_xlabel()) == (
        "mean absolute error (days)",
        "bias: predicted less actual (days)",
    )
    marks = {float(line.get_ydata()[0]): line for line in bias.lines[1:]}
    assert {height: float(line.get_xdata()[0]) for height, line in marks.items()} == {1: 1.0, 2: 6.0, 4: 0.0}
    assert [height for height, line in marks.items() if line.get_color() == ORANGE] == [2]
    assert [list(axes.lines[0].get_xdata()) for axes in (errors, bias)] == [[11.0] * 2, [0.5] * 2]


def test_dependence_draws_the_curve_above_where_values_lie() -> None:
    """The title gives both ends; the histogram counts the values within them."""
    curve = pd.DataFrame({"value": [0.8, 1.0, 1.2], "days": [20.0, 30.0, 45.0]})
    figure = dependence("price_ratio", curve, pd.Series([0.9, 0.95, 1.1, np.nan, 5.0]), "of five")
    axes, behind = figure.axes
    title = "Days rise from 20 to 45 as price ratio goes from 0.80 to 1.20"
    assert headings(figure)[0] == title
    (line,) = axes.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([0.8, 1.0, 1.2], [20.0, 30.0, 45.0])
    assert sum(bar.get_height() for bar in behind.patches) == 3
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("price ratio", "mean predicted days")


def test_dependence_that_is_none_looks_like_none() -> None:
    """A curve that hardly moves is said to, and its axis spans more than it does."""
    curve = pd.DataFrame({"value": [0.0, 50_000.0], "days": [30.0, 31.0]})
    figure = dependence("mileage", curve, pd.Series([10.0]), "of one", "miles")
    axes = figure.axes[0]
    assert headings(figure)[0] == "Days hardly move with mileage: they stay between 30 and 31"
    low, high = axes.get_ylim()
    assert high - low > 10
    assert axes.get_xlabel() == "mileage (miles)"


def test_importance_ranks_features_and_tells_their_kinds() -> None:
    """The most important is on top, each shuffle is a dot, and a derived one names what it is made of."""
    losses = {"ratio": [0.2, 0.22], "make+model": [0.1, 0.12], "mileage": [0.0, -0.01]}
    table = pd.DataFrame([(name, loss) for name, both in losses.items() for loss in both])
    table.columns = ["feature", "concordance_loss"]
    figure = importance(table, {"ratio": ("price", "valuation")}, "of three")
    (axes,) = figure.axes
    assert headings(figure)[0] == "Concordance loses 0.210 when ratio is shuffled"
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["mileage", "make and model", "ratio\n(from price, valuation)"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([-0.005, 0.11, 0.21])
    assert [to_hex(bar.get_facecolor()).upper() for bar in axes.patches][1:] == [ORANGE, GREEN]
    (dots,) = axes.collections
    assert len(dots.get_offsets()) == 6


def test_a_long_title_is_wrapped_and_given_back_in_one_line() -> None:
    """No picture is wider than it was made, and no title is cut."""
    title = "What is seen takes many more words than fit into one line of so narrow a picture"
    figure, _ = draw(title, "small", width=4.0)
    assert "\n" in figure.texts[0].get_text()
    assert headings(figure) == (title, "small")


def test_the_album_of_a_model_holds_what_its_judgement_names() -> None:
    """Calibration and survival for each candidate; curves by name and importance for the chosen one."""
    rows = fold()
    exam, evaluation = examined(rows)
    life = AcceleratedLife.of(exam.outcomes, rows["days"].to_numpy(), rows["days"].to_numpy())

    def score(asked: pd.DataFrame) -> np.ndarray:
        return 100 * asked["ratio"].to_numpy() - 60

    each = pictures_of_candidate(SPEC, evaluation, rows, life)
    chosen = pictures_of_chosen(SPEC, evaluation, exam, rows, score=score)
    assert [picture.name for picture in each] == ["calibration", "survival"]
    assert [picture.name for picture in chosen] == ["dependence_ratio", "dependence_mileage", "importance"]
    subtitles = {headings(picture.figure)[1].splitlines()[0] for picture in (*each, *chosen)}
    assert subtitles == {"Planted, 200 rows of the test fold"}
    assert _pylab_helpers.Gcf.figs == {}
