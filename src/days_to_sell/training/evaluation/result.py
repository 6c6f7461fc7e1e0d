"""An evaluation as a value, a table for people and JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from days_to_sell.training.evaluation.bootstrap import Estimate
from days_to_sell.training.evaluation.calibration import Band
from days_to_sell.training.evaluation.slices import SliceResult

HEADINGS = {
    "c_index": "Harrell's c",
    "c_index_ipcw": "c (IPCW)",
    "integrated_brier": "Brier",
    "mae_days": "error, days",
    "bias_days": "bias, days",
    "coverage_80": "in 80 % range",
    "calibration_slope": "slope",
    "calibration_error_days": "calibration, days",
}
DECIMALS = {
    "mae_days": 1,
    "bias_days": 1,
    "coverage_80": 2,
    "calibration_slope": 2,
    "calibration_error_days": 1,
}


@dataclass(frozen=True)
class Evaluation:
    """How good one predictor is on a test fold.

    Args:
        name: The predictor: a candidate's or a baseline's name.
        rows: Rows of the fold.
        groups: Groups that were resampled; as many as rows where the spec names no group.
        metrics: Name with its unit to figure: ``c_index``, ``c_index_ipcw``, ``integrated_brier``,
            ``mae_days``, ``bias_days``, ``coverage_80``, ``calibration_slope``, ``calibration_error_days``.
        calibration: Predicted against actual days by tenth of the predictions.
        slices: The same by the spec's slices; empty unless asked for.
        note: What a reader has to know, such as that it was fitted on a sample.
    """

    name: str
    rows: int
    groups: int
    metrics: Mapping[str, Estimate]
    calibration: tuple[Band, ...] = ()
    slices: tuple[SliceResult, ...] = ()
    note: str = ""

    def flat(self) -> dict[str, float]:
        """List each figure and the ends of its interval by name, such as for a run; only finite ones."""
        values: dict[str, float] = {}
        for name, estimate in self.metrics.items():
            values |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def to_dict(self) -> dict[str, Any]:
        """Write the evaluation as JSON-ready values; what has no value is null."""
        return {
            "name": self.name,
            "rows": self.rows,
            "groups": self.groups,
            "metrics": _figures(self.metrics),
            "calibration": [
                {"rows": band.rows, "predicted_days": band.predicted, "actual_days": _figure(band.actual)}
                for band in self.calibration
            ],
            "slices": [
                {
                    "column": each.column,
                    "value": each.value,
                    "rows": each.rows,
                    "sales": each.sales,
                    "metrics": _figures(each.metrics),
                }
                for each in self.slices
            ],
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Evaluation:
        """Read back what :meth:`to_dict` wrote; the samples of the figures are gone."""
        bands = (
            Band(band["rows"], band["predicted_days"], Estimate.recalled(band["actual_days"]))
            for band in raw["calibration"]
        )
        slices = (
            SliceResult(
                each["column"], each["value"], each["rows"], each["sales"], _recalled(each["metrics"])
            )
            for each in raw["slices"]
        )
        metrics = _recalled(raw["metrics"])
        return cls(raw["name"], raw["rows"], raw["groups"], metrics, tuple(bands), tuple(slices), raw["note"])


def to_json(evaluations: Sequence[Evaluation]) -> str:
    """Write evaluations as JSON."""
    return json.dumps([evaluation.to_dict() for evaluation in evaluations], indent=1, allow_nan=False)


def to_table(evaluations: Sequence[Evaluation]) -> str:
    """Write evaluations as plain text tables, one a line, with 95 % intervals.

    The first table tells how well cars are told apart and how sure it is, the second is about days.
    """
    names = list(dict.fromkeys(name for each in evaluations for name in each.metrics))
    in_days = [name for name in names if name.startswith("calibration") or name.endswith("_days")]
    tables = [[name for name in names if name not in in_days], in_days]
    lines = [line for columns in tables if columns for line in ("", *_table(evaluations, columns))]
    notes = [f"{each.name}: {each.note}" for each in evaluations if each.note]
    return "\n".join([*lines[1:], *(["", *notes] if notes else [])])


def _table(evaluations: Sequence[Evaluation], names: Sequence[str]) -> list[str]:
    body = [
        [each.name, *(_cell(name, each.metrics[name]) if name in each.metrics else "" for name in names)]
        for each in evaluations
    ]
    return _align([["", *(HEADINGS.get(name, name) for name in names)], *body])


def slices_table(evaluation: Evaluation) -> str:
    """Write the slices of an evaluation as a plain text table; small ones say that they are."""
    names = list(dict.fromkeys(name for each in evaluation.slices for name in each.metrics))
    rows = [["slice", "", "rows", *(HEADINGS.get(name, name) for name in names)]]
    for each in evaluation.slices:
        cells = [_cell(name, each.metrics[name]) for name in names if name in each.metrics]
        rows.append([each.column, each.value, str(each.rows), *(cells or ["too few to say"])])
    return "\n".join(_align(rows))


def _align(rows: list[list[str]]) -> list[str]:
    columns = max(map(len, rows))
    full = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max(len(row[column]) for row in full) for column in range(columns)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in full
    ]


def _cell(name: str, estimate: Estimate) -> str:
    decimals = DECIMALS.get(name, 3)
    if not math.isfinite(estimate.value):
        return "-"
    value, low, high = (f"{each:.{decimals}f}" for each in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _figures(metrics: Mapping[str, Estimate]) -> dict[str, dict[str, float | None]]:
    return {name: _figure(estimate) for name, estimate in metrics.items()}


def _recalled(metrics: Mapping[str, Mapping[str, float | None]]) -> dict[str, Estimate]:
    return {name: Estimate.recalled(figure) for name, figure in metrics.items()}


def _figure(estimate: Estimate) -> dict[str, float | None]:
    figures = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
