"""What training found, bound to the package: its digest covers the figures, and the held-out rows' digest."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from days_to_sell.data.training_set import TrainingSet
from days_to_sell.errors import GateError
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, ModelSpec
from days_to_sell.spec.gates import HIGHER_IS_BETTER
from days_to_sell.training.learn import to_json

if TYPE_CHECKING:
    # Whoever evaluates gates reads what is here, and needs no training for it.
    from days_to_sell.training.compare import Prepared, Result
    from days_to_sell.training.evaluation import Evaluation

FOLDER, FILE = "gates", "held_out.jsonl.gz"
INTEGRITY, FIGURES, HELD_OUT = "gates.integrity", "gates.figures", "gates.held_out"
INPUT, SLICES, GROUP = "input", "slices", "group"


def write_held_out(spec: ModelSpec, prepared: Prepared, folder: Path) -> Path:
    """Write the test fold as raw rows with outcomes, so that a later version can be asked the same.

    Args:
        spec: The model.
        prepared: Its folds.
        folder: Where the file is written.
    """
    columns = {column.name: column for column in spec.columns}
    rows: pd.DataFrame = prepared.test.select(ROW_ID, *columns).toPandas()
    rows = rows.set_index(ROW_ID)
    path = folder / FILE
    # No time and no file name in it: the same rows give the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for seen in prepared.exam.rows.to_dict("records"):
            row = rows.loc[seen[ROW_ID]]
            line = {
                ROW_ID: str(seen[ROW_ID]),
                DURATION: float(seen[DURATION]),
                OBSERVED: int(seen[OBSERVED]),
                GROUP: str(seen[spec.group or ROW_ID]),
                SLICES: {each.column: _plain(seen[each.column]) for each in spec.judgement.slices},
                INPUT: {name: to_json(column, _plain(row[name])) for name, column in columns.items()},
            }
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return path


def write_evidence(
    best: Result, baselines: Sequence[Evaluation], training_set: TrainingSet, held_out: Path
) -> dict[str, str]:
    """Give what gates rest on as entries of the package's provenance."""
    figures = {
        "candidate": _figures(best.evaluation),
        "baselines": {each.name: _figures(each) for each in baselines},
    }
    report = training_set.report
    integrity = {"checks": len(report.results), "failed": [str(failed) for failed in report.failures]}
    return {
        INTEGRITY: json.dumps(integrity, sort_keys=True),
        FIGURES: json.dumps(figures, sort_keys=True),
        HELD_OUT: _digest(held_out),
    }


def read_evidence(package: ModelPackage, name: str) -> Mapping[str, Any]:
    """Read one entry.

    Raises:
        GateError: The package has none.
    """
    try:
        found = json.loads(package.provenance[name])
    except (KeyError, ValueError) as error:
        raise GateError(
            f"the package {package.digest} does not say {name}: a toolkit older than this trained it; "
            "train it anew"
        ) from error
    return dict(found)


def read_held_out(package: ModelPackage, path: Path) -> pd.DataFrame:
    """Read held-out rows whose digest the package names.

    Raises:
        GateError: They are others than those of the training, or the package names none.
    """
    if _digest(path) != package.provenance.get(HELD_OUT):
        raise GateError(
            f"the held-out rows of the run are not those of the package {package.digest}: they were "
            "overwritten after the training; train it anew"
        )
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return pd.DataFrame([json.loads(line) for line in file])


def _figures(evaluation: Evaluation) -> dict[str, float]:
    return {name: value for name, value in evaluation.flat().items() if name in HIGHER_IS_BETTER}


def _plain(value: Any) -> Any:
    """Turn what pandas holds into a value of Python; a missing one into None."""
    return None if pd.isna(value) else getattr(value, "item", lambda: value)()


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
