# Databricks notebook source
# MAGIC %md
# MAGIC # What is in the data, and what does it not say?
# MAGIC
# MAGIC A first look at adverts of used cars, before any model: how long they last, which of them sell sooner, and how much of that
# MAGIC could be known on the day of listing at all. What is seen here decides how the next notebooks go about it.
# MAGIC
# MAGIC It reads the lake that `make demo` left behind; `LAKE` and `TRAINING_DATA` name others.

# COMMAND ----------

import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from days_to_sell.data.training_set import build_training_set
from days_to_sell.models import find_model
from days_to_sell.spec import DURATION, OBSERVED
from days_to_sell.training.evaluation import kaplan_meier
from days_to_sell.training.preparing.derive import derive
from days_to_sell.training.spark.session import packages_for, start_session

lake = os.environ.get("LAKE", str(Path("../build/demo/days_to_sell/lake").resolve()))
training_data = os.environ.get("TRAINING_DATA", str(Path("../build/demo/training-data").resolve()))

model = find_model("days_to_sell")
spec = model.spec
spark = start_session("1-explore", extra_packages=packages_for(lake))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which rows, and were they checked?
# MAGIC
# MAGIC One row is one spell on sale, with what was known on the day it began. The training data is named by what it was made of:
# MAGIC the same snapshot and the same code open the same rows again, wherever that happens.

# COMMAND ----------

training_set = build_training_set(spark, model, lake=lake, target=training_data)
manifest = pd.Series(asdict(training_set.manifest), name="manifest")
manifest[["model", "snapshot", "rows", "censored", "digest", "code_commit"]].to_frame()

# COMMAND ----------

# MAGIC %md
# MAGIC The checks that ran before count the rows that break them; here is the last of each table. Had one been red, nothing would have
# MAGIC come after it.

# COMMAND ----------

checks = pd.DataFrame([asdict(result) for result in training_set.report.results])
checks[["source", "check", "checked", "failed"]].drop_duplicates("source", keep="last")

# COMMAND ----------

rows = derive(training_set.frame, spec, training_set.tables).toPandas()
shown = [feature.name for feature in spec.features] + [DURATION, OBSERVED]
rows[shown].head()

# COMMAND ----------

# MAGIC %md
# MAGIC ## How long do adverts last?
# MAGIC
# MAGIC A row with `observed` 0 had not sold when it was last seen: its `duration` says only that it took longer. Three ways to take an
# MAGIC average, of which two are wrong. Leaving those rows out keeps the quick sales and drops the slow ones; counting them as sales
# MAGIC takes days so far for days to sell. A Kaplan-Meier curve uses each row for as long as it was followed.

# COMMAND ----------

everything = kaplan_meier(rows[DURATION].to_numpy(), rows[OBSERVED].to_numpy() == 1)
within = np.minimum(rows[DURATION], spec.horizon)
pd.Series(
    {
        "only those that sold": within[rows[OBSERVED] == 1].mean(),
        "all, as if they had sold": within.mean(),
        "Kaplan-Meier": everything.restricted_mean(spec.horizon),
    },
    name=f"mean days, within {spec.horizon}",
).round(1).to_frame()

# COMMAND ----------

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.step(everything.times, everything.shares, where="post")
for share, label in ((0.5, "half are gone"), (0.95, "95 % are gone")):
    days = everything.quantile(share)
    axes.axvline(days, color="grey", linewidth=0.8)
    side = "right" if days > spec.horizon / 2 else "left"
    axes.text(min(days, spec.horizon), 1 - share + 0.02, f" {label}: day {days:g} ", horizontalalignment=side)
axes.set(xlabel="days listed", ylabel="share still for sale", xlim=(0, spec.horizon), ylim=(0, 1))
plt.show()

# COMMAND ----------

# MAGIC %md
# MAGIC Most cars go within weeks, and the tail is long. So the number to predict is the mean of days *within a horizon*, which the
# MAGIC follow-up supports; a mean without one would rest on the few rows that were watched longest.
# MAGIC
# MAGIC ## Does a good price sell?
# MAGIC
# MAGIC The same curve for the thirds of the adverts by asking price over valuation, as the valuation stood on the day of listing.

# COMMAND ----------

rows["priced"] = pd.qcut(rows["price_over_valuation"], 3, labels=["low", "fair", "high"])
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
found = []
for label, part in rows.groupby("priced", observed=True):
    curve = kaplan_meier(part[DURATION].to_numpy(), part[OBSERVED].to_numpy() == 1)
    axes.step(curve.times, curve.shares, where="post", label=f"priced {label}")
    found.append((label, curve.quantile(0.5), curve.restricted_mean(spec.horizon)))
axes.set(xlabel="days listed", ylabel="share still for sale", xlim=(0, spec.horizon), ylim=(0, 1))
axes.legend()
plt.show()

# COMMAND ----------

pd.DataFrame(found, columns=["priced", "median days", "mean days"]).set_index("priced").round(1)

# COMMAND ----------

# MAGIC %md
# MAGIC It does, and a model has to say so too: dearer against its valuation must not come out quicker. That is a check of direction in
# MAGIC the spec (`judgement.directions`), and every trained candidate is held to it.
# MAGIC
# MAGIC ## Who sells, where and when?
# MAGIC
# MAGIC Mean days within the horizon, by values of one column each; the line is the mean of all.

# COMMAND ----------

rows["listed in"] = pd.to_datetime(rows[spec.time]).dt.strftime("%m %b")
figure, panels = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
for axes, column in zip(panels, ("seller_type", "region", "listed in"), strict=True):
    means = {}
    for value, part in rows.groupby(column):
        if len(part) >= 50:
            curve = kaplan_meier(part[DURATION].to_numpy(), part[OBSERVED].to_numpy() == 1)
            means[str(value)] = curve.restricted_mean(spec.horizon)
    bars = pd.Series(means).sort_index(ascending=False)
    axes.barh(bars.index, bars.to_numpy())
    axes.axvline(everything.restricted_mean(spec.horizon), color="grey", linewidth=0.8)
    axes.set(xlabel="mean days", title=column)
plt.show()

# COMMAND ----------

# MAGIC %md
# MAGIC Two warnings come with this picture. Sellers differ from one another beyond their type, and one seller has many cars: a model
# MAGIC that has seen a seller knows more than it will know of the next one, so whole sellers are held out. And months differ: the last
# MAGIC months are held out as well, as they will be when the model answers.
# MAGIC
# MAGIC ## How much could be known at all?
# MAGIC
# MAGIC Take the most frequent models among the cars that sold: all cars of one model, and the middle half of the days they took.

# COMMAND ----------

sold = rows[rows[OBSERVED] == 1]
frequent = sold.groupby(["make", "model"])[DURATION]
spread = frequent.describe(percentiles=[0.25, 0.5, 0.75]).nlargest(8, "count")
spread[["count", "25%", "50%", "75%"]].round(0).astype(int)

# COMMAND ----------

# MAGIC %md
# MAGIC Cars of one model differ from each other far more than models do. What is known on the day of listing explains little of the
# MAGIC time to sell, in real data as in this: expect a concordance of 0.55 to 0.65, and look for a leak when it is much higher. A useful
# MAGIC number is therefore one that is right *on average* for cars like this one, and honest about its range. Next: which columns carry
# MAGIC what there is, in `2-features`.

# COMMAND ----------

spark.stop()
