"""Pipelines of several kinds, fitted by Spark on generated rows and exported: ``python -m bench.fitted``.

A process of its own, so that Spark's JVM is gone when engines are measured on what it made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from pyspark.ml import Pipeline
from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler
from pyspark.ml.regression import (
    AFTSurvivalRegression,
    GBTRegressor,
    GeneralizedLinearRegression,
    RandomForestRegressor,
)
from pyspark.sql import DataFrame

from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.training.spark.session import start_session

SEED = 20
FITTED_ROWS = 10_000
NUMBERS = ("price", "age", "mileage", "power", "length", "doors")
# Text columns and their values; one-hot encoded they make 300 columns.
TEXTS = MappingProxyType({"make": 40, "model": 200, "region": 60})
PREDICTION = "days"


@dataclass(frozen=True)
class Fit:
    """A kind of pipeline.

    Args:
        title: What tables call it.
        estimator: Makes the estimator behind the features.
        texts: The text columns that it takes.
        one_hot: Whether those are one-hot encoded; trees take their indices.
    """

    title: str
    estimator: Callable[[], Any]
    texts: tuple[str, ...]
    one_hot: bool = False


FITS: Mapping[str, Fit] = MappingProxyType(
    {
        "gbt_20x5": Fit("GBT, 20 trees of depth 5", lambda: _gbt(20, 5), ("region",)),
        "gbt_100x6": Fit("GBT, 100 trees of depth 6", lambda: _gbt(100, 6), ("region",)),
        "rf_100x8": Fit("random forest, 100 trees of depth 8", lambda: _forest(100, 8), ("region",)),
        "glm_300": Fit("GLM, 300 one-hot columns", lambda: _glm(), tuple(TEXTS), one_hot=True),
        "aft": Fit("AFT, 60 one-hot columns", lambda: _aft(), ("region",), one_hot=True),
    }
)


def generated_rows(count: int, seed: int = SEED) -> list[dict[str, Any]]:
    """Make rows of numbers and texts that differ, as JSON values, with what is to be learnt of them."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: random.gamma(2.0, 5.0, count).round(3) for name in NUMBERS}
    effect = sum(np.sin(columns[name] / 4.0 + place) for place, name in enumerate(NUMBERS))
    for name, values in TEXTS.items():
        chosen = (values * random.random(count) ** 2).astype(int)
        columns[name] = np.array([f"{name}-{number}" for number in range(values)], dtype=object)[chosen]
        effect = effect + 0.3 * np.sin(chosen)
    columns[PREDICTION] = np.exp(3.0 + 0.3 * effect + 0.3 * random.standard_normal(count)).round(3)
    columns["sold"] = (random.random(count) < 0.8).astype(float)
    names = list(columns)
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(c.tolist() for c in columns.values()), strict=True)
    ]


def fit_all(folder: Path) -> None:
    """Fit every kind and export it to a bundle of its name; say so of each."""
    rows = folder / "fitted-rows.jsonl"
    write_rows(rows, generated_rows(FITTED_ROWS))
    frame = start_session("bench").read.json(str(rows)).coalesce(1).cache()
    for name, fit in FITS.items():
        path = _export(fit, frame, folder / f"{name}.zip")
        print(f"{fit.title}: fitted, {path.stat().st_size >> 10:,} KiB", flush=True)


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _export(fit: Fit, frame: DataFrame, path: Path) -> Path:
    training = frame.select([*NUMBERS, *fit.texts, PREDICTION, "sold"])
    stages: list[Any] = [
        StringIndexer(inputCol=name, outputCol=f"{name}_index", handleInvalid="keep") for name in fit.texts
    ]
    encoded = [f"{name}_index" for name in fit.texts]
    if fit.one_hot:
        hot = [f"{name}_hot" for name in fit.texts]
        stages.append(OneHotEncoder(inputCols=encoded, outputCols=hot))
        encoded = hot
    stages.append(VectorAssembler(inputCols=[*NUMBERS, *encoded], outputCol="features"))
    stages.append(fit.estimator())
    model = Pipeline(stages=stages).fit(training)
    export_bundle(model, training, path)
    return path


def _gbt(trees: int, depth: int) -> GBTRegressor:
    return GBTRegressor(labelCol=PREDICTION, maxIter=trees, maxDepth=depth, maxBins=64, seed=SEED)


def _forest(trees: int, depth: int) -> RandomForestRegressor:
    return RandomForestRegressor(labelCol=PREDICTION, numTrees=trees, maxDepth=depth, maxBins=64, seed=SEED)


def _glm() -> GeneralizedLinearRegression:
    return GeneralizedLinearRegression(labelCol=PREDICTION, family="gamma", link="log", maxIter=10)


def _aft() -> AFTSurvivalRegression:
    return AFTSurvivalRegression(labelCol=PREDICTION, censorCol="sold", maxIter=10)


if __name__ == "__main__":
    fit_all(Path(sys.argv[1]))
