"""Drift: how far the columns of training data are from those that the version in Production learned from.

What is in Production changes, so this is found anew for each run and never kept with the training data.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from days_to_sell.data.binning import count_bins
from days_to_sell.data.report import TRAINING_DATA, CheckResult, Report
from days_to_sell.scoring.profile import Drift, Profile
from days_to_sell.spec import ModelSpec


def check_drift(spec: ModelSpec, frame: DataFrame, reference: Profile, *, halts: bool = True) -> Report:
    """Compare every raw column with its histogram in a profile, all in one job.

    Args:
        spec: The model, with its thresholds.
        frame: Its training frame.
        reference: Profile of the version in Production.
        halts: Whether a column from another population stops the run, or is warned of.

    Returns:
        A result for each column that the profile has too.
    """
    raw = [column.name for column in spec.columns if column.name in reference.features]
    counted = count_bins(frame, {name: reference.features[name].bins for name in raw})
    drifts = {name: reference.features[name].drift_of(counted[name]) for name in raw}
    return Report(tuple(_result(spec, name, drift, halts) for name, drift in drifts.items()))


def _result(spec: ModelSpec, name: str, drift: Drift, halts: bool) -> CheckResult:
    """Judge one column; an index that chance alone may reach is never broken."""
    threshold = spec.suspicion.drift
    real = drift.psi > drift.psi_noise
    failed = real and drift.psi >= threshold.warning
    red = halts and drift.psi >= threshold.red
    note = f"PSI {drift.psi:.3f}, warned of from {threshold.warning:g}, red from {threshold.red:g}"
    if failed and red:
        note += "; --accept-drift trains on it all the same"
    return CheckResult(TRAINING_DATA, f"{name} is as in Production", 1, int(failed), halts=red, note=note)
