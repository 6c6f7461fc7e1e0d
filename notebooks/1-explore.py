# Databricks notebook source
# MAGIC %md
# MAGIC # What makes a car sell sooner?
# MAGIC
# MAGIC A first look at the training data of a model, and two trials logged to MLflow. This notebook calls the library and
# MAGIC defines nothing of its own: what proves useful here goes into the model's `spec.py`, from where `mlflow run` retrains it.
# MAGIC
# MAGIC It reads the lake and logs to the MLflow server that `make demo` left behind (`make ui` starts the server alone); `LAKE`,
# MAGIC `TRAINING_DATA` and `MLFLOW_TRACKING_URI` name others. Open it with the Python of `.venv` as its kernel.

# COMMAND ----------

import os
from pathlib import Path

import mlflow
import pandas as pd
from lifelines import KaplanMeierFitter
from matplotlib.figure import Figure

from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.spec import DURATION, OBSERVED, Candidate
from days_to_sell.training import plots
from days_to_sell.training.compare import compare_candidates, prepare
from days_to_sell.training.derive import derive
from days_to_sell.training.evaluate import predict
from days_to_sell.training.session import packages_for, start_session

lake = os.environ.get("LAKE", str(Path("../build/demo/days_to_sell/lake").resolve()))
training_data = os.environ.get("TRAINING_DATA", str(Path("../build/demo/training-data").resolve()))
mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000"))

model = find_model("days_to_sell")
spec = model.spec

# COMMAND ----------

# MAGIC %md
# MAGIC ## The training data
# MAGIC
# MAGIC One row per advert, with what was known on the day it was listed. What was built before from the same lake is opened
# MAGIC again; a red integrity report stops here.

# COMMAND ----------

spark = start_session("explore", extra_packages=packages_for(lake))
training_set = build_training_set(spark, model, lake=lake, target=training_data)
training_set.manifest

# COMMAND ----------

rows = derive(training_set.frame, spec, training_set.tables).toPandas()
rows.head()

# COMMAND ----------

# MAGIC %md
# MAGIC ## How long adverts last
# MAGIC
# MAGIC A row with `observed` 0 was still listed at the snapshot: its `duration` says only that it took longer. A plain mean
# MAGIC would count those as sales; a Kaplan-Meier curve does not.

# COMMAND ----------

rows.groupby(OBSERVED)[DURATION].describe(percentiles=[0.05, 0.5, 0.95])

# COMMAND ----------

everything = KaplanMeierFitter(label="all adverts").fit(rows[DURATION], rows[OBSERVED])
figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.subplots()
everything.plot_survival_function(ax=axes)
axes.set(xlabel="days listed", ylabel="share still for sale", xlim=(0, spec.horizon), ylim=(0, 1))
figure

# COMMAND ----------

# MAGIC %md
# MAGIC ## Does a good price sell?
# MAGIC
# MAGIC The same curve for the thirds of the adverts by asking price over valuation.

# COMMAND ----------

rows["priced"] = pd.qcut(rows["price_over_valuation"], 3, labels=["low", "fair", "high"])
figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.subplots()
medians = {}
for label, part in rows.groupby("priced", observed=True):
    curve = KaplanMeierFitter(label=f"priced {label}").fit(part[DURATION], part[OBSERVED])
    curve.plot_survival_function(ax=axes)
    medians[label] = curve.median_survival_time_
axes.set(xlabel="days listed", ylabel="share still for sale", xlim=(0, spec.horizon), ylim=(0, 1))
figure

# COMMAND ----------

pd.Series(medians, name="median days on sale").to_frame()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Two trials
# MAGIC
# MAGIC Both are measured on sellers and months that neither was fitted on, beside a baseline that gives every car the same
# MAGIC answer. Each trial is a run of its own below the run `explore`.

# COMMAND ----------

prepared = prepare(spec, training_set.frame, training_set.tables)
trials = (
    Candidate.of("AFTSurvivalRegression", maxIter=50),
    Candidate.of("GeneralizedLinearRegression", family="gamma", link="log", maxIter=25, regParam=0.01),
)
mlflow.set_experiment(spec.name)
with mlflow.start_run(run_name="explore") as explore:
    results = compare_candidates(
        spec,
        prepared,
        tags={"model": spec.name, "training_data.digest": training_set.manifest.digest},
        candidates=trials,
    )

# COMMAND ----------

logged = mlflow.search_runs(
    experiment_names=[spec.name],
    filter_string=f"tags.`mlflow.parentRunId` = '{explore.info.run_id}'",
    order_by=["metrics.c_index DESC"],
)
logged[
    [
        "params.estimator",
        "metrics.c_index",
        "metrics.mae_days",
        "metrics.bias_days",
        "metrics.baseline_c_index",
        "metrics.baseline_mae_days",
    ]
]

# COMMAND ----------

# MAGIC %md
# MAGIC ## Can its numbers be taken at their word?
# MAGIC
# MAGIC A car that is said to take 40 days should take 40 on average: the line should follow the diagonal.

# COMMAND ----------

best = results[0]
plots.calibration(predict(best.model, prepared.test), best.candidate.estimator)

# COMMAND ----------

# MAGIC %md
# MAGIC A trial worth keeping goes into `candidates` of the model's `spec.py`; from there, `mlflow run` compares it with the
# MAGIC others and registers the best.

# COMMAND ----------

spark.stop()
