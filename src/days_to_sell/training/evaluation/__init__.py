"""Evaluation on a test fold: measures minding censoring, with intervals, beside baselines and the truth.

How to use it, with folds that are derived and weighted::

    exam = Exam.of(spec, collect(test, spec))
    rows, calibration = predict(model, test, spec), predict(model, calibrate, spec)
    evaluation = exam.sit_model("GBTRegressor", rows, calibration, slices=True)
    baselines = evaluate_baselines(exam, collect(fit, spec, at_most=200_000))
    print(to_table([evaluation, *baselines]))
    evaluation.metrics["c_index_ipcw"].less(baselines[0].metrics["c_index_ipcw"])  # paired
    mlflow.log_metrics(evaluation.flat())
"""

from days_to_sell.training.evaluation.baselines import evaluate_baselines
from days_to_sell.training.evaluation.bootstrap import Estimate, Resamples
from days_to_sell.training.evaluation.calibration import Band, by_decile
from days_to_sell.training.evaluation.collect import collect, predict
from days_to_sell.training.evaluation.concordance import Pairs
from days_to_sell.training.evaluation.curves import Curve, Survival, kaplan_meier
from days_to_sell.training.evaluation.distribution import AcceleratedLife
from days_to_sell.training.evaluation.exam import Exam
from days_to_sell.training.evaluation.outcomes import Outcomes
from days_to_sell.training.evaluation.result import Evaluation, slices_table, to_json, to_table
from days_to_sell.training.evaluation.slices import SliceResult
from days_to_sell.training.evaluation.truth import ratio_to_best

__all__ = [
    "AcceleratedLife",
    "Band",
    "Curve",
    "Estimate",
    "Evaluation",
    "Exam",
    "Outcomes",
    "Pairs",
    "Resamples",
    "SliceResult",
    "Survival",
    "by_decile",
    "collect",
    "evaluate_baselines",
    "kaplan_meier",
    "predict",
    "ratio_to_best",
    "slices_table",
    "to_json",
    "to_table",
]
