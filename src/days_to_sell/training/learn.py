"""What serving has to know of the training data: the request contract, and the profile that tells drift."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from days_to_sell.data.binning import count_bins
from days_to_sell.scoring.bins import MAX_TEXT_LENGTH, MISSING, OTHER, UNSEEN, Bins, NumberBins, TextBins
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.spec import (
    PREDICTION,
    ROW_ID,
    Column,
    Derivation,
    Field,
    Lookup,
    ModelSpec,
    Quantile,
    RequestContract,
)
from days_to_sell.spec.contract import MAX_CATEGORIES
from days_to_sell.training.evaluation import Curve
from days_to_sell.training.preparing.derive import derive

APART = 20
# Of the like of a row, for whoever asks how sure an answer is.
SHARES = (0.1, 0.5, 0.9)
QUANTILES = tuple(tenth / 10 for tenth in range(1, 10))
# Exact quantiles of a sample by hash: Spark's approximate ones depend on how rows lie in partitions.
SAMPLED_ROWS = 50_000
Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Learned:
    """What the model package takes from the training data."""

    contract: RequestContract
    profile: Profile


def learn(
    spec: ModelSpec,
    model: PipelineModel,
    frame: DataFrame,
    tables: Mapping[str, Mapping[str, str]],
    shape: Curve,
) -> Learned:
    """Learn contract and profile, with five passes over one frame that is kept meanwhile.

    Predictions are profiled on the very rows whose inputs are: where inputs are alike, so are predictions.

    Args:
        spec: The model.
        model: The fitted pipeline, from derived columns to ``days``.
        frame: Raw training columns with ``row_id``.
        tables: Looked-up column to its table.
        shape: Survival of T / days, which the model predicts with.
    """
    raw = [column.name for column in spec.columns]
    scored = model.transform(derive(frame, spec, tables))
    kept = scored.select(ROW_ID, *raw, *spec.derivations, PREDICTION).cache()
    try:
        rows = kept.count()
        numbers, names = _profiled(spec)
        texts = _most_frequent(kept, names)
        bins = _bins(kept, rows, numbers, texts)
        counts = count_bins(kept, bins)
        histograms = {
            name: Histogram(bins[name], counts[name]) for name in (*raw, *spec.derivations) if name in bins
        }
        profile = Profile(rows, histograms, Histogram(bins[PREDICTION], counts[PREDICTION]))
        return Learned(_contract(spec, kept, texts, spread(shape)), profile)
    finally:
        kept.unpersist()


def to_json(column: Column, value: Any) -> Any:
    """Write a value of a training frame as a request would carry it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return None
    return int(value) if column.type == "long" and value is not None else value


def spread(shape: Curve) -> tuple[Quantile, ...]:
    """Give by when shares of the like of a row are sold, as multiples of its answer.

    The shape comes from the calibration fold, where slope and level of the answers were fitted too, so it
    may be a little narrow. It is one for all rows: it holds on average, and no row has its own. Shares that
    rows were not followed to are left out. Six digits outlive sums in another order.

    Args:
        shape: Survival of T / days.
    """
    times = {share: shape.quantile(share) for share in SHARES}
    return tuple(Quantile(share, float(f"{time:.6g}")) for share, time in times.items() if time < math.inf)


def _contract(
    spec: ModelSpec, frame: DataFrame, texts: Texts, quantiles: tuple[Quantile, ...]
) -> RequestContract:
    """Make the contract: categories, most frequent first, and one example row."""
    complete = frame.dropna(subset=[column.name for column in spec.columns if not column.default_today])
    example = complete.orderBy(ROW_ID).limit(1).collect() or frame.orderBy(ROW_ID).limit(1).collect()
    fields = tuple(
        Field(column, texts.get(column.name, ()), to_json(column, example[0][column.name]))
        for column in spec.columns
    )
    return RequestContract(spec.name, spec.title, spec.description, spec.horizon, fields, quantiles)


def _profiled(spec: ModelSpec) -> tuple[list[str], list[str]]:
    """Name the columns of numbers and of texts that are profiled; dates are not."""
    derived: Mapping[str, Derivation] = spec.derivations
    looked_up = [name for name, derivation in derived.items() if isinstance(derivation, Lookup)]
    numbers = [column.name for column in spec.columns if column.numeric]
    numbers += [name for name in derived if name not in looked_up]
    return [*numbers, PREDICTION], [c.name for c in spec.columns if c.type == "string"] + looked_up


def _most_frequent(frame: DataFrame, names: Sequence[str]) -> Texts:
    """Give the values of each text column, most frequent first, ties by value."""
    if not names:
        return {}
    pairs = F.array(*(F.struct(F.lit(name).alias("column"), F.col(name).alias("text")) for name in names))
    values = frame.select(F.inline(pairs)).where(F.col("text").isNotNull()).groupBy("column", "text").count()
    rank = F.row_number().over(Window.partitionBy("column").orderBy(F.desc("count"), "text"))
    found = values.withColumn("rank", rank).where(F.col("rank") <= MAX_CATEGORIES).collect()
    ranked = sorted((row["column"], row["rank"], row["text"]) for row in found)
    return {name: tuple(text for column, _, text in ranked if column == name) for name in names}


def _bins(frame: DataFrame, rows: int, numbers: Sequence[str], texts: Texts) -> dict[str, Bins]:
    """Cut numbers at tenths of the training rows, and tell the most frequent texts apart."""
    every = max(1, math.ceil(rows / SAMPLED_ROWS))
    sampled = F.pmod(F.xxhash64(ROW_ID, F.lit("profile")), F.lit(every)) == 0
    asked = []
    for name in numbers:
        # To Spark, NaN is above infinity.
        known = F.when(F.abs(name) < float("inf"), F.col(name).cast("double"))
        asked += [F.min(known), F.percentile(F.when(sampled, known), list(QUANTILES)), F.max(known)]
    (found,) = frame.agg(*asked).collect()
    bins: dict[str, Bins] = {}
    for position, name in enumerate(numbers):
        low, inner, high = found[3 * position : 3 * position + 3]
        bins[name] = NumberBins(edges_of(low, inner or [], high))
    for name, values in texts.items():
        short = [value for value in values if len(value) <= MAX_TEXT_LENGTH]
        apart = [value for value in short[:APART] if value not in (OTHER, UNSEEN, MISSING)]
        bins[name] = TextBins(tuple(apart), tuple(value for value in short if value not in apart))
    return bins


def edges_of(low: float | None, inner: Sequence[float], high: float | None) -> tuple[float, ...]:
    """Give bounds that read well and differ as they read; a column that is always missing gets any."""
    if low is None or high is None:
        return (0.0,)
    rounded = sorted(float(f"{edge:.6g}") for edge in inner)
    ascending = [low, *(edge for edge in rounded if low < edge < high), high]
    return tuple({f"{edge:.15g}": edge for edge in ascending}.values())
