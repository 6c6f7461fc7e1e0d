# Databricks notebook source
# MAGIC %md
# MAGIC # What tells how long a car takes, on the day it is listed?
# MAGIC
# MAGIC A feature may only use what is known when the advert appears. This notebook looks at each feature of the model alone: how it is
# MAGIC made, how often it is missing, what shape it has, and how much of the order in which cars sell it explains. It ends with two that
# MAGIC must never be used, however well they do.

# COMMAND ----------

import os
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.spec import DURATION, OBSERVED
from days_to_sell.training.evaluation import Exam, collect, kaplan_meier
from days_to_sell.training.preparing.derive import derive
from days_to_sell.training.preparing.folds import split
from days_to_sell.training.spark.session import packages_for, start_session

lake = os.environ.get("LAKE", str(Path("../build/demo/days_to_sell/lake").resolve()))
training_data = os.environ.get("TRAINING_DATA", str(Path("../build/demo/training-data").resolve()))

model = find_model("days_to_sell")
spec = model.spec
spark = start_session("2-features", extra_packages=packages_for(lake))
training_set = build_training_set(spark, model, lake=lake, target=training_data)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the model is told
# MAGIC
# MAGIC A request carries raw columns; some features are computed from them by derivations that the spec declares. The same
# MAGIC declaration runs in Spark here and in the service there, so there is nothing to port.

# COMMAND ----------

pd.set_option("display.max_colwidth", 80)
declared = [(each.name, type(each).__name__, str(each.derive or "(raw column)")) for each in spec.features]
pd.DataFrame(declared, columns=["feature", "kind", "computed by"]).set_index("feature")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Folds first
# MAGIC
# MAGIC Everything below is learned on one fold and looked at on another, of other sellers and later months: a feature that only
# MAGIC works on what it has seen is none.

# COMMAND ----------

folds = split(spec, derive(training_set.frame, spec, training_set.tables))
fit, test = collect(folds.fit, spec), collect(folds.test, spec)
exam = Exam.of(spec, test, replicates=200)
print(folds.description)
sizes = {name: (len(fold), fold[spec.group].nunique()) for name, fold in (("fit", fit), ("test", test))}
pd.DataFrame(sizes, index=["rows", "sellers"])

# COMMAND ----------

# MAGIC %md
# MAGIC ## Is it there?
# MAGIC
# MAGIC Missing values of a `Bucketed` number have a bucket of their own; a `Category` tells its most frequent values apart and counts
# MAGIC the rest as one. How much falls there?

# COMMAND ----------

texts = [each for each in spec.categories if each.name in fit]
numbers = [each.name for each in spec.numbers if each.name in fit]
kept = {each.name: fit[each.name].value_counts().head(each.top).index for each in texts}
names = [each.name for each in texts]
rest = pd.Series({name: (~fit[name].isin(kept[name])).mean() for name in names})
missing = fit[numbers + names].isna().mean()
pd.DataFrame({"missing": missing, "values": fit[names].nunique(), "in the rest": rest}).round(3).fillna("")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What shape has it?
# MAGIC
# MAGIC Mean days within the horizon by tenth of each number, by Kaplan-Meier. A line may stay a number as it is; a bend, or an end
# MAGIC that turns back, is what buckets are for.

# COMMAND ----------

figure, panels = plt.subplots(1, len(numbers), figsize=(11, 3.5), layout="constrained", sharey=True)
for axes, name in zip(panels, numbers, strict=True):
    tenths = fit.groupby(pd.qcut(fit[name], 10, duplicates="drop"), observed=True)
    shape = {}
    for _, part in tenths:
        curve = kaplan_meier(part[DURATION].to_numpy(), part[OBSERVED].to_numpy() == 1)
        shape[part[name].mean()] = curve.restricted_mean(spec.horizon)
    axes.plot(list(shape), list(shape.values()), marker="o")
    axes.set(xlabel=name)
panels[0].set(ylabel="mean days")
plt.show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## How much does each tell?
# MAGIC
# MAGIC Each feature alone as a predictor: a car is said to take as long as the cars of its value, or of its tenth, took in the fit
# MAGIC fold. The concordance on the test fold is the share of pairs of cars of which it names the slower one; 0.5 is a coin. Sellers
# MAGIC were resampled for the intervals, because cars of one seller are not independent.

# COMMAND ----------

alone = {}
overall = kaplan_meier(fit[DURATION].to_numpy(), fit[OBSERVED].to_numpy() == 1).restricted_mean(spec.horizon)
for name in numbers + [each.name for each in texts]:
    if name in numbers:
        edges = np.unique(np.quantile(fit[name].dropna(), np.linspace(0, 1, 11)))[1:-1]
        here = pd.Series(np.where(fit[name].isna(), -1, np.searchsorted(edges, fit[name])))
        there = pd.Series(np.where(test[name].isna(), -1, np.searchsorted(edges, test[name])))
    else:
        here, there = fit[name], test[name]
    means = {}
    for value, part in fit.groupby(here):
        if len(part) >= 30:
            curve = kaplan_meier(part[DURATION].to_numpy(), part[OBSERVED].to_numpy() == 1)
            means[value] = curve.restricted_mean(spec.horizon)
    alone[name] = exam.concordance_of(there.map(means).fillna(overall).to_numpy(dtype=float))

figures = [(each.value, each.low, each.high) for each in alone.values()]
told = pd.DataFrame(figures, index=list(alone), columns=["c", "low", "high"]).sort_values("c")
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.errorbar(told["c"], told.index, xerr=[told["c"] - told["low"], told["high"] - told["c"]], fmt="o")
axes.axvline(0.5, color="grey", linewidth=0.8)
axes.set(xlabel="concordance (IPCW) on held-out sellers and months, 95 % interval")
plt.show()

# COMMAND ----------

told.sort_values("c", ascending=False).round(3)

# COMMAND ----------

# MAGIC %md
# MAGIC The price against the valuation leads, as the curves of `1-explore` let expect; the others add a little each, and together they
# MAGIC are worth more than the best one. An interval that reaches 0.5 says that this much data cannot tell.
# MAGIC
# MAGIC ## Too good to be true
# MAGIC
# MAGIC Two columns that are easy to come by in a lake and look like features: how many days the advert has been up so far, and how long the
# MAGIC other cars of the same seller took in the same months. The first is the answer itself. The second is made of answers that come later
# MAGIC than the question, and it is what a model learns by heart when a seller stands in both folds.

# COMMAND ----------

followed = test.groupby(spec.group)[DURATION]
neighbours = (followed.transform("sum") - test[DURATION]) / (followed.transform("count") - 1).clip(lower=1)
leaks = {
    "days listed so far": exam.concordance_of(test[DURATION].to_numpy(dtype=float)),
    "days of the seller's other cars": exam.concordance_of(neighbours.to_numpy(dtype=float)),
}
figures = [(each.value, each.low, each.high) for each in leaks.values()]
pd.DataFrame(figures, index=list(leaks), columns=["c", "low", "high"]).round(3)

# COMMAND ----------

# MAGIC %md
# MAGIC Nothing in the figures says that these are wrong. What says it is when they are known. Columns that
# MAGIC gather while an advert is up are listed in the spec, and the integrity report names one by name if it turns up in a source; what is
# MAGIC not listed but predicts too well alone is named as a suspect.

# COMMAND ----------

{source.name: source.leaks for source in spec.sources if source.leaks}

# COMMAND ----------

# MAGIC %md
# MAGIC A feature worth having goes into `features` of the model's `spec.py`, one line; training data, request contract and service follow.
# MAGIC What the features are worth together is a matter of estimators: `3-experiments`.

# COMMAND ----------

spark.stop()
