# Databricks notebook source
# MAGIC %md
# MAGIC # Which estimator is best, and is its number to be believed?
# MAGIC
# MAGIC Candidates and baselines sit the same exam: cars of sellers and of months that none of them was fitted on. Everything is logged to
# MAGIC MLflow as it happens, one run each below the run of this notebook, so the runs table, the compare view and the charts there tell
# MAGIC the same story ([how to read them](../docs/guides/experiments.md)).
# MAGIC
# MAGIC The project's training (`mlflow run`) does the same on a cluster; `make equivalence` proves that it comes to the same rows and the
# MAGIC same answers as this notebook, to the ninth digit.

# COMMAND ----------

import os
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from matplotlib import pyplot as plt

from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.registry.dataset import TrainingDataset
from days_to_sell.registry.publish import log_best
from days_to_sell.spec import Candidate
from days_to_sell.training.compare import compare, compare_candidates
from days_to_sell.training.pictures.album import pictures_of_candidate
from days_to_sell.training.preparing.prepare import prepare
from days_to_sell.training.spark.session import packages_for, start_session

lake = os.environ.get("LAKE", str(Path("../build/demo/days_to_sell/lake").resolve()))
training_data = os.environ.get("TRAINING_DATA", str(Path("../build/demo/training-data").resolve()))
mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000"))

model = find_model("days_to_sell")
spec = model.spec
spark = start_session("3-experiments", extra_packages=packages_for(lake))
training_set = build_training_set(spark, model, lake=lake, target=training_data)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The exam
# MAGIC
# MAGIC Three folds: one to fit on, one to calibrate on, one to be measured on. A seller stands in one of them only, and the last months
# MAGIC in the last one only. What is cut off by this is what the model will face.

# COMMAND ----------

mlflow.set_experiment(spec.name)
notebook = mlflow.start_run(run_name="3-experiments", tags={"notebook": "3-experiments"})
mlflow.log_input(TrainingDataset(training_set), context="training")
tags = {"model": spec.name, "training_data.digest": training_set.manifest.digest}

prepared = prepare(spec, training_set.frame, training_set.tables)
sizes = {"fit": prepared.fit.count(), "calibrate": prepared.calibrate.count(), "test": prepared.test.count()}
print(prepared.description)
pd.Series(sizes, name="rows").to_frame()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Candidates, and what there is to beat
# MAGIC
# MAGIC One Kaplan-Meier curve knows nothing of a car; one for each segment knows what any dealer knows; a Cox model from lifelines is the
# MAGIC check from outside, on the same folds. A candidate that does not beat the second is not worth serving.
# MAGIC
# MAGIC Candidates are fitted with what censoring demands: Weibull AFT by its likelihood, the others on known durations, weighted for those
# MAGIC that are not. All end in the same calibration on a fold of their own, so that their days mean the same and can be compared.

# COMMAND ----------

compared = compare(spec, prepared, tags=tags)

# COMMAND ----------

# MAGIC %md
# MAGIC Concordance says who sorts cars best, the Brier score whose whole distribution is best, the error whose days are closest, and the
# MAGIC share in the 80 % range should be 0.80. The intervals come from resampling sellers. They overlap, but the exam was the same: what
# MAGIC counts is the difference on the same replicates.

# COMMAND ----------

best = compared.best
ours = best.evaluation.metrics["c_index_ipcw"]
others = reversed(compared.evaluations[1:])
differences = {each.name: ours.less(each.metrics["c_index_ipcw"]) for each in others}
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
for place, difference in enumerate(differences.values()):
    axes.plot([difference.low, difference.high], [place, place], color="C0")
    axes.plot(difference.value, place, "o", color="C0")
axes.set_yticks(range(len(differences)), list(differences))
axes.axvline(0, color="grey", linewidth=0.8)
axes.set(xlabel=f"concordance of {best.evaluation.name} less that of the other, 95 % interval")
plt.show()

# COMMAND ----------

# MAGIC %md
# MAGIC An interval right of zero is a win; one across zero means that this much data cannot tell the two apart. The choice minds that:
# MAGIC among those as concordant as the best, the lowest Brier score wins.

# COMMAND ----------

for result in compared.results:
    print(result.reason)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Is its number to be believed?
# MAGIC
# MAGIC A car that is said to take 40 days should take 40 on average. On the left, each point is a tenth of the cars, by prediction; then
# MAGIC the predicted curves of three thirds of them against what happened.

# COMMAND ----------

calibration, survival = pictures_of_candidate(spec, best.evaluation, best.rows, best.predicted)
calibration.figure

# COMMAND ----------

survival.figure

# COMMAND ----------

# MAGIC %md
# MAGIC And it must say the right thing when a price is raised: no quicker sale, for nearly all cars. The spec declares what is checked,
# MAGIC and a candidate that breaks it is out however good its figures.

# COMMAND ----------

for check in best.directions:
    print(check)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A trial of our own
# MAGIC
# MAGIC Would a stronger penalty do, where few cars stand behind a make or a model? A trial is a candidate that the spec does not have. It
# MAGIC goes into a run of its own beside the others, so that the comparison above stays what the project computes too.

# COMMAND ----------

penalised = Candidate.of("GeneralizedLinearRegression", family="gamma", link="log", maxIter=50, regParam=0.05)
with mlflow.start_run(run_name="trial: stronger penalty", nested=True, tags={"notebook": "3-experiments"}):
    trials = compare_candidates(spec, prepared, tags=tags, candidates=[penalised])

less = ours.less(trials[0].evaluation.metrics["c_index_ipcw"])
print(f"{best.evaluation.name} less the trial: {less.value:+.3f} ({less.low:+.3f} to {less.high:+.3f})")

# COMMAND ----------

# MAGIC %md
# MAGIC A trial worth keeping goes into `candidates` of the model's `spec.py`; from there, the project compares it with the others.
# MAGIC
# MAGIC ## What is kept
# MAGIC
# MAGIC The best model, in three flavours (Spark, MLeap, pyfunc), proved on golden rows before it is logged. It is not registered: a version
# MAGIC comes from the project, which anybody can run again, and not from a notebook.

# COMMAND ----------

with tempfile.TemporaryDirectory() as scratch:
    logged = log_best(spec, best, prepared, training_set, target=Path(scratch) / "package")
mlflow.set_tag("logged_model", logged.model_id)
mlflow.end_run()
pd.Series(
    {"run": notebook.info.run_id, "model": logged.model_id, "flavors": ", ".join(logged.flavors)}
).to_frame("")

# COMMAND ----------

# MAGIC %md
# MAGIC `mlflow run .` makes a version of this, and `4-model-review` asks whether it should go to Production.

# COMMAND ----------

spark.stop()
