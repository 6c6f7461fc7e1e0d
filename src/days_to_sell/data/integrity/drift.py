"""Drift: how far the columns of training data are from those that the version in Production learned from.

What is in Production changes, so this is found anew for each run and never kept with the training data.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from days_to_sell.data.binning import count_bins
from days_to_sell.data.integrity.training import SUBJECT
from days_to_sell.data.report import CheckResult, Report
from days_to_sell.scoring.profile import Drift, Profile
from days_to_sell.spec import ModelSpec


def check_drift(
    spec: ModelSpec, frame: DataFrame, reference: Profile | None, *, halts: bool = True
) -> Report:
    """Compare every raw column with its histogram in a profile.

    Args:
        spec: The model, with its thresholds.
        frame: Its training frame.
        reference: Profile of the version in Production; None where there is none.
        halts: Whether a column from another population stops the run, or is warned of.

    Returns:
        A result for each column that the profile has too.
    """
    if reference is None:
        note = "no version in Production has a profile to compare with"
        return Report((CheckResult(SUBJECT, "no drift against Production", 0, 0, note=note),))
    profiled = {name: reference.features[name] for name in _raw(spec) if name in reference.features}
    counted = count_bins(frame, {name: found.bins for name, found in profiled.items()})
    return Report(
        tuple(_result(spec, name, found.drift_of(counted[name]), halts) for name, found in profiled.items())
    )


def _raw(spec: ModelSpec) -> list[str]:
    return [column.name for column in spec.columns]


def _result(spec: ModelSpec, name: str, drift: Drift, halts: bool) -> CheckResult:
    """Judge one column; an index that chance alone may reach is never broken."""
    threshold = spec.suspicion.drift
    real = drift.psi > drift.psi_noise
    failed = real and drift.psi >= threshold.warning
    return CheckResult(
        SUBJECT,
        f"{name} is as in Production",
        1,
        int(failed),
        halts=halts and drift.psi >= threshold.red,
        note=f"PSI {drift.psi:.3f}, warned of from {threshold.warning:g}, red from {threshold.red:g}",
    )
