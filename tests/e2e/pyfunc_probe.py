"""Scores rows with the python_function flavour, in a Python that has neither the toolkit nor Spark."""

from __future__ import annotations

import json
import sys

import mlflow
import pandas as pd

model_uri, rows = sys.argv[1], json.loads(sys.stdin.read())
model = mlflow.pyfunc.load_model(model_uri)
answers = []
for row in rows:
    try:
        answers.append(float(model.predict(pd.DataFrame([row]))[0]))
    except mlflow.exceptions.MlflowException as error:
        answers.append(str(error))
json.dump({"answers": answers, "toolkit": sys.modules["days_to_sell"].__file__}, sys.stdout)
