# Databricks notebook source
# MAGIC %md
# MAGIC # Should this version go to Production?
# MAGIC
# MAGIC What a person looks at before promoting: where a version comes from, how good it is and for whom it is not, whether what is served
# MAGIC will be what was measured, and how it answers when a price is moved. `MODEL_VERSION` names the version; the newest is taken
# MAGIC otherwise.

# COMMAND ----------

import json
import os
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from IPython.display import Image, Markdown, display
from matplotlib import pyplot as plt

from days_to_sell.models import find_model
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.predictor import Predictor

lake = os.environ.get("LAKE", str(Path("../build/demo/days_to_sell/lake").resolve()))
training_data = os.environ.get("TRAINING_DATA", str(Path("../build/demo/training-data").resolve()))
mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000"))

spec = find_model("days_to_sell").spec
client = mlflow.MlflowClient()
registry = Registry(client)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A version comes from the project
# MAGIC
# MAGIC Where none is registered yet, the project makes one here: data, candidates, proof and registration, as `mlflow run .` does from a
# MAGIC shell or a scheduler.

# COMMAND ----------

if not client.search_registered_models(f"name = '{spec.name}'"):
    mlflow.projects.run(
        str(Path("..").resolve()),
        parameters={"model": "days_to_sell", "lake": lake, "training_data": training_data},
        experiment_name=spec.name,
        run_name=f"retrain {spec.name}",
        env_manager="local",
    )

wanted = os.environ.get("MODEL_VERSION")
version = registry.version(spec.name, wanted) if wanted else registry.versions(spec.name)[0]
run = client.get_run(version.run_id)
Markdown(client.get_model_version(spec.name, version.version).description)

# COMMAND ----------

pd.Series(version.tags, name=f"{version.model} version {version.version}").to_frame()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where does it come from?
# MAGIC
# MAGIC The package carries its own papers: the run, the commit, the digest of its training data. `days-to-sell reproduce` makes the version
# MAGIC again from them and compares.

# COMMAND ----------

package = registry.fetch_package(version, Path(tempfile.mkdtemp()) / "package")
pd.Series(package.provenance, name="provenance").to_frame()

# COMMAND ----------

# MAGIC %md
# MAGIC ## How good is it, and for whom is it not?
# MAGIC
# MAGIC First as a whole, with intervals, beside what it was chosen over.

# COMMAND ----------

parent = run.data.tags["mlflow.parentRunId"]
print(mlflow.artifacts.load_text(f"runs:/{parent}/evaluation/table.txt"))

# COMMAND ----------

# MAGIC %md
# MAGIC Then by slice. A bias whose interval leaves out zero is a group for which the number is wrong on average: those come first.

# COMMAND ----------

(evaluation,) = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/evaluation/evaluation.json"))
measured = []
for each in evaluation["slices"]:
    if each["metrics"]:
        bias = each["metrics"]["bias_days"]
        measured.append(
            (each["column"], each["value"], each["rows"], bias["value"], bias["low"], bias["high"])
        )
slices = pd.DataFrame(measured, columns=["slice", "is", "rows", "bias, days", "low", "high"])
slices["wrong on average"] = (slices["low"] > 0) | (slices["high"] < 0)
slices.sort_values("wrong on average", ascending=False, kind="stable").head(12).round(1)

# COMMAND ----------

# MAGIC %md
# MAGIC The pictures of its run, as the model card has them too.

# COMMAND ----------

folder = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="pictures"))
for name in ("calibration", "map", "importance"):
    for picture in folder.glob(f"{name}.png"):
        display(Image(picture, width=520))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Will it be served as it was measured?
# MAGIC
# MAGIC Golden rows were answered by Spark when the model was logged. The scorer that the service uses answers them here, without Spark: the
# MAGIC largest difference is relative, and more than 1e-9 would stop a release.

# COMMAND ----------

predictor = Predictor(package)
proof = predictor.prove()
{"rows": proof.rows, "largest difference": proof.max_rel_error, "passed": proof.passed}

# COMMAND ----------

# MAGIC %md
# MAGIC ## What does it say when a price is moved?
# MAGIC
# MAGIC Four cars of the golden rows, each from 20 % below its price to 20 % above. Every curve has to rise, and none should jump: a
# MAGIC person moves a price by a hundred pounds and looks at what comes.

# COMMAND ----------

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
factors = [0.80 + 0.01 * step for step in range(41)]
for golden in [row for row in package.golden if row.kind == "sample"][:4]:
    moved = [{**golden.input, spec.what_if: round(golden.input[spec.what_if] * factor)} for factor in factors]
    label = f"{golden.input['make']} {golden.input['model']}, {golden.input[spec.what_if]:,} GBP"
    axes.plot([factor - 1 for factor in factors], predictor.predict(moved), label=label)
axes.xaxis.set_major_formatter("{x:+.0%}")
axes.set(xlabel="price against that of the advert", ylabel="expected days")
axes.legend()
plt.show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Is it better than what serves now?
# MAGIC
# MAGIC The same figures of the version in Production, if there is another one. They come from different test months where the snapshots
# MAGIC differ, so read a small difference as none.

# COMMAND ----------

serving = registry.production(spec.name)
figures = {f"version {version.version}": run.data.metrics}
if serving and serving.version != version.version:
    figures[f"version {serving.version}, in Production"] = client.get_run(serving.run_id).data.metrics
names = ["c_index_ipcw", "integrated_brier", "mae_days", "bias_days", "coverage_80"]
pd.DataFrame(figures).loc[names].round(3)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The decision
# MAGIC
# MAGIC If the table beats the segments, no group that matters is wrong on average, the golden rows pass and the curves rise, promote it:
# MAGIC `days-to-sell promote days-to-sell VERSION`, or the alias `production` in the MLflow UI. Nothing is served by that alone; the
# MAGIC release builds the image, proves it on the golden rows and only then lets it answer.
