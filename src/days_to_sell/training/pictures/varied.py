"""What a model says of rows that were changed on purpose: partial dependence and permutation importance.

All is asked in one go, for a cluster answers a hundred thousand rows nearly as fast as a hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession

from days_to_sell.spec import PREDICTION, Category, ModelSpec
from days_to_sell.training.evaluation import Outcomes, Pairs
from days_to_sell.training.evaluation.curves import Floats
from days_to_sell.training.pictures.dependence import VALUE
from days_to_sell.training.pictures.importance import FEATURE, JOINED, LOSS
from days_to_sell.training.pictures.ties import tied

Score = Callable[[pd.DataFrame], Floats]
SAMPLE, CURVE_SAMPLE, POINTS, SHUFFLES, SEED = 1_000, 400, 21, 3, 7
# A curve ends where hardly any rows are.
TAIL = 0.02
POSITION = "_position"


@dataclass(frozen=True)
class Varied:
    """What became of ``days`` when rows were changed.

    Args:
        rows: The rows as they were.
        curves: ``feature``, ``value`` and the mean ``days`` of all rows if they had that value.
        importance: ``feature`` (names joined by ``+`` where they were shuffled together) and
            ``concordance_loss`` (IPCW), a row a shuffle.
    """

    rows: pd.DataFrame
    curves: pd.DataFrame
    importance: pd.DataFrame


@dataclass(frozen=True)
class _Question:
    """Rows with some features changed: all to the same value, or shuffled where there is none."""

    features: tuple[str, ...]
    rows: pd.DataFrame
    value: float | None = None


def spark_score(model: PipelineModel, spec: ModelSpec, spark: SparkSession) -> Score:
    """Score rows of the driver with a fitted pipeline, in one job.

    Args:
        model: From derived columns to ``days``.
        spec: The model, for its features.
        spark: The session that is to work.
    """
    types = {f.name: "string" if isinstance(f, Category) else "double" for f in spec.features}
    schema = ", ".join([f"{POSITION} long", *(f"`{name}` {kind}" for name, kind in types.items())])

    def score(rows: pd.DataFrame) -> Floats:
        asked = [(at, *row) for at, row in enumerate(rows[list(types)].itertuples(index=False, name=None))]
        frame = spark.createDataFrame(asked, schema, verifySchema=False)
        answers: pd.DataFrame = model.transform(frame).select(POSITION, PREDICTION).toPandas()
        return answers.sort_values(POSITION)[PREDICTION].to_numpy(dtype=float)

    return score


def vary(spec: ModelSpec, score: Score, rows: pd.DataFrame) -> Varied:
    """Ask a model about rows, changed in every way that the pictures show.

    Partial dependence is the mean answer with one feature set to the same value in all rows (Friedman, 2001);
    importance is what concordance loses when a feature is shuffled between rows (Breiman, 2001; Fisher,
    Rudin and Dominici, 2019), alone and together with those that are tied to it.

    Args:
        spec: The model, for its features and the curves of its judgement.
        score: Gives ``days`` of rows of derived columns.
        rows: Collected rows with their outcome; a seeded sample of a large fold.
    """
    rows = rows.sample(min(SAMPLE, len(rows)), random_state=SEED).reset_index(drop=True)
    questions = [*_curves(rows, spec.judgement.curves), *_shuffles(rows, _groups(spec, rows))]
    asked = [rows, *(question.rows for question in questions)]
    answers = score(pd.concat(asked, ignore_index=True))
    usual, *parts = np.split(answers, np.cumsum([len(part) for part in asked])[:-1])
    outcomes = Outcomes.of(rows, spec.horizon)
    concordance = _concordance(outcomes, usual)
    curves, importance = [], []
    for question, days in zip(questions, parts, strict=True):
        feature = JOINED.join(question.features)
        if question.value is None:
            importance.append((feature, concordance - _concordance(outcomes, days)))
        else:
            curves.append((feature, question.value, days.mean()))
    return Varied(
        rows=rows,
        curves=pd.DataFrame(curves, columns=[FEATURE, VALUE, PREDICTION]),
        importance=pd.DataFrame(importance, columns=[FEATURE, LOSS]),
    )


def _groups(spec: ModelSpec, rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """List what to shuffle: each feature, parts of crossed ones, and texts of which one tells the other."""
    texts = [category.name for category in spec.categories]
    together = [tuple(sorted(crossed.parts)) for crossed in spec.crossed] + tied(rows[texts])
    return [*((feature.name,) for feature in spec.features), *dict.fromkeys(together)]


def _curves(rows: pd.DataFrame, features: Sequence[str]) -> Iterator[_Question]:
    some = rows.head(CURVE_SAMPLE)
    for feature in features:
        low, high = rows[feature].quantile([TAIL, 1 - TAIL])
        for value in np.unique(np.linspace(low, high, POINTS)):
            if np.isfinite(value):
                yield _Question((feature,), some.assign(**{feature: value}), float(value))


def _shuffles(rows: pd.DataFrame, groups: Sequence[tuple[str, ...]]) -> Iterator[_Question]:
    random = np.random.default_rng(SEED)
    orders = [random.permutation(len(rows)) for _ in range(SHUFFLES)]
    for features in groups:
        for order in orders:
            shuffled = {name: rows[name].to_numpy()[order] for name in features}
            yield _Question(features, rows.assign(**shuffled))


def _concordance(outcomes: Outcomes, days: Floats) -> float:
    return Pairs.of(outcomes, days).uno(outcomes.ones)
