"""The model that every contestant serves: ``python -m bench.service.model FOLDER``.

One ensemble of 20 boosted trees of depth 5 over six numbers, fitted by Spark, as a model package with
golden rows, and as MLflow models of the ``mleap`` and of the ``spark`` flavour. A process of its own, so
that Spark's JVM is gone when something is measured.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import mlflow
import numpy as np
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import GBTRegressor
from pyspark.sql import DataFrame

from bench.fitted import FITTED_ROWS, NUMBERS, SEED, generated_rows, write_rows
from bench.service.contestants import PACKAGE, PYFUNC, SPARK
from days_to_sell.registry import mleap_flavor
from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.scoring.bins import NumberBins
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import write_package
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.spec import PREDICTION, Column, Field, RequestContract
from days_to_sell.training.spark.session import start_session

NAME, LABEL = "bench-gbt", "label"
GOLDEN_ROWS = 60
# What the spark flavour answers stands in a column of this name.
SPARK_PREDICTION = "prediction"


def make(folder: Path) -> None:
    """Fit the model and write what the contestants start from."""
    rows = folder / "fitted-rows.jsonl"
    write_rows(rows, generated_rows(FITTED_ROWS))
    frame = start_session("bench").read.json(str(rows)).coalesce(1)
    frame = frame.select(*NUMBERS, frame[PREDICTION].alias(LABEL)).cache()
    trees = GBTRegressor(labelCol=LABEL, maxIter=20, maxDepth=5, maxBins=64, seed=SEED)
    trees.setPredictionCol(PREDICTION)
    assembler = VectorAssembler(inputCols=list(NUMBERS), outputCol="features")
    model = Pipeline(stages=[assembler, trees]).fit(frame)
    bundle = export_bundle(model, frame, folder / "bundle.zip")
    _package(folder / PACKAGE, bundle, model.transform(frame))
    mleap_flavor.save_model(None, str(folder / PYFUNC), model_package=folder / PACKAGE, spark_flavor=False)
    *before, fitted = model.stages
    renamed = fitted.copy({fitted.getParam("predictionCol"): SPARK_PREDICTION})
    mlflow.spark.save_model(PipelineModel([*before, renamed]), str(folder / SPARK))


def _package(target: Path, bundle: Path, scored: DataFrame) -> None:
    columns = (*NUMBERS, PREDICTION)
    found = [row.asDict() for row in scored.select(*columns).collect()]
    histograms = {name: _histogram([row[name] for row in found]) for name in columns}
    days = histograms.pop(PREDICTION)
    golden = [
        GoldenRow(f"row-{number}", "sample", {name: row[name] for name in NUMBERS}, row[PREDICTION])
        for number, row in enumerate(found[:GOLDEN_ROWS])
    ]
    contract = RequestContract(
        model=NAME,
        title="Model of the benchmarks",
        description="Boosted trees over six numbers, fitted to generated rows",
        horizon=180,
        fields=tuple(
            Field(Column(name, "double", minimum=0), example=golden[0].input[name]) for name in NUMBERS
        ),
    )
    write_package(
        target,
        model=NAME,
        bundle=bundle,
        contract=contract,
        derivations=Derivations({}, {}),
        golden=golden,
        profile=Profile(len(found), histograms, days),
        provenance={"run_id": "bench"},
    )


def _histogram(values: Sequence[float]) -> Histogram:
    """Count values into tenths."""
    bins = NumberBins(tuple(sorted({float(edge) for edge in np.quantile(values, np.linspace(0, 1, 11))})))
    counts = Counter(map(bins.finder(), values))
    return Histogram(bins, tuple(counts[place] for place in range(bins.size)))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
