"""The pictures of a candidate, and those of the one that was chosen, each with how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mlflow
import pandas as pd
from matplotlib.figure import Figure

from days_to_sell.data.places import Places
from days_to_sell.spec import ModelSpec
from days_to_sell.spec.derivations import operands
from days_to_sell.training.evaluation import Evaluation, Exam, Survival
from days_to_sell.training.pictures import calibration, dependence, importance, places, slices, survival
from days_to_sell.training.pictures.importance import FEATURE
from days_to_sell.training.pictures.style import headings, name
from days_to_sell.training.pictures.varied import Score, vary

FOLDER = "pictures"


@dataclass(frozen=True)
class Picture:
    """A figure with what a reader has to know.

    Args:
        name: Name of its file, without an ending.
        figure: The figure, whose title says what is seen.
        reading: How to read it, in a sentence or two.
    """

    name: str
    figure: Figure
    reading: str

    @property
    def title(self) -> str:
        """What is seen."""
        return headings(self.figure)[0]


def log_pictures(pictures: Sequence[Picture]) -> None:
    """Log pictures to the active run."""
    for picture in pictures:
        mlflow.log_figure(picture.figure, f"{FOLDER}/{picture.name}.png")


def pictures_of_candidate(
    spec: ModelSpec, evaluation: Evaluation, rows: pd.DataFrame, predicted: Survival
) -> list[Picture]:
    """Draw what costs little: calibration and survival.

    Args:
        spec: The model.
        evaluation: What the candidate achieved.
        rows: The test fold with its predictions.
        predicted: The predicted distribution of its rows.
    """
    drawn_of = _drawn_of(evaluation)
    thirds = survival.survival_by_third(rows, predicted, spec.horizon)
    return [
        Picture(
            "calibration", calibration.calibration(evaluation.calibration, drawn_of), calibration.READING
        ),
        Picture("survival", survival.survival_curves(thirds, drawn_of), survival.READING),
    ]


def pictures_of_chosen(
    spec: ModelSpec,
    evaluation: Evaluation,
    exam: Exam,
    rows: pd.DataFrame,
    *,
    score: Score,
    where: Places | None = None,
) -> list[Picture]:
    """Draw what the chosen candidate is judged by: slices, the map, partial dependence and importance.

    Args:
        spec: The model, for its judgement.
        evaluation: What the candidate achieved, with slices.
        exam: The test fold.
        rows: Its rows in the same order, with predictions.
        score: Gives ``days`` of rows of derived columns.
        where: The places of rows; without it there is no map.
    """
    return [
        *_by_slice(evaluation),
        *_on_the_map(spec, evaluation, exam, rows, where),
        *_varied(spec, evaluation, rows, score),
    ]


def _by_slice(evaluation: Evaluation) -> Iterator[Picture]:
    if any(not result.too_small for result in evaluation.slices):
        figure = slices.slices(evaluation.slices, evaluation.metrics, _drawn_of(evaluation))
        yield Picture("slices", figure, slices.READING)


def _on_the_map(
    spec: ModelSpec, evaluation: Evaluation, exam: Exam, rows: pd.DataFrame, where: Places | None
) -> Iterator[Picture]:
    place = spec.judgement.place
    if place is None or where is None:
        return
    table = places.bias_by_area(exam, rows, where, place.column)
    if len(table):
        figure = places.map_of_bias(table, _drawn_of(evaluation), name(place.area))
        yield Picture("map", figure, places.READING)


def _varied(spec: ModelSpec, evaluation: Evaluation, rows: pd.DataFrame, score: Score) -> Iterator[Picture]:
    found = vary(spec, score, rows)
    drawn_of = f"{evaluation.name}, {len(found.rows):,} rows of the test fold"
    units = {feature.name: feature.column.unit for feature in spec.numbers}
    for feature, curve in found.curves.groupby(FEATURE, sort=False):
        figure = dependence.dependence(feature, curve, found.rows[feature], drawn_of, units[feature])
        yield Picture(f"dependence_{feature}", figure, dependence.READING)
    made_of = {column: operands(derivation) for column, derivation in spec.derivations.items()}
    yield Picture(
        "importance", importance.importance(found.importance, made_of, drawn_of), importance.READING
    )


def _drawn_of(evaluation: Evaluation) -> str:
    return f"{evaluation.name}, {evaluation.rows:,} rows of the test fold"
