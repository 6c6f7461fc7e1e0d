"""Relative gates: a version beside the one in Production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from days_to_sell.registry.gates.alone import GateResult, judge
from days_to_sell.registry.gates.evidence import GROUP, INPUT, SLICES, read_held_out
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor, Refusal
from days_to_sell.spec import ModelSpec
from days_to_sell.spec.compatibility import compare_contracts
from days_to_sell.spec.gates import HIGHER_IS_BETTER, ContractCompatible, NotWorse
from days_to_sell.training.evaluation.bootstrap import Estimate, Resamples
from days_to_sell.training.evaluation.calibration import Errors
from days_to_sell.training.evaluation.concordance import Pairs
from days_to_sell.training.evaluation.curves import Bools, Floats
from days_to_sell.training.evaluation.outcomes import Outcomes
from days_to_sell.training.evaluation.slices import LEAST_ROWS, LEAST_SALES, cut

# Share of a figure up to which a difference is one of floating point, and none of models.
ROUNDING = 1e-9


def contract(gate: ContractCompatible, package: ModelPackage, incumbent: ModelPackage) -> GateResult:
    """Compare the contracts of two packages."""
    changes = compare_contracts(incumbent.contract, package.contract)
    broken = [f"{each.field or 'contract'}: {each.what}" for each in changes if each.effect == "breaking"]
    found = f"{len(broken)} breaking changes" + (f" ({', '.join(broken)})" if broken else "")
    due = "any, as a new major version is declared" if gate.breaking else "no breaking change"
    remedy = "declare ContractCompatible(breaking=True) in the spec if consumers know"
    return judge(gate, gate.breaking or not broken, found, due, remedy)


def not_worse(
    gate: NotWorse, spec: ModelSpec, package: ModelPackage, incumbent: ModelPackage, held_out: Path
) -> GateResult:
    """Ask both the candidate's held-out rows, and compare what came of it on paired replicates."""
    rows = read_held_out(package, held_out)
    mine, theirs = _days(package, rows), _days(incumbent, rows)
    remedy = "look at the slices in the model card, and train on what they lack"
    due = f"{gate.metric} not worse than the incumbent's beyond the paired 95 % interval"
    lost = int((np.isnan(mine) & ~np.isnan(theirs)).sum())
    both = ~np.isnan(mine) & ~np.isnan(theirs)
    if lost or not both.any():
        found = f"{lost} of {len(rows)} rows only the incumbent answers, {int(both.sum())} both do"
        return judge(gate, False, found, due, "declare fields and features so that it answers them too")
    outcomes = Outcomes.of(rows, spec.horizon)
    resamples = Resamples.draw(rows[GROUP])
    parts, worse = [], []
    for name, chosen in _parts(gate, spec, rows):
        among = chosen & both
        part = outcomes.take(among)
        if name and (len(part) < LEAST_ROWS or part.events.sum() < LEAST_SALES):
            continue
        again = resamples.take(among)
        usual = _figure(gate, part, theirs[among], again)
        gain = _figure(gate, part, mine[among], again).less(usual)
        shown = f"{name or 'overall'} {gain.value:+.4g} ({gain.low:+.4g} to {gain.high:+.4g})"
        # Beyond the interval: all of it lies on the worse side; a figure without a value proves nothing good.
        # The same model trained again differs in its last digits, on all replicates alike.
        noise = ROUNDING * abs(usual.value)
        fine = gain.high >= -noise if HIGHER_IS_BETTER[gate.metric] else gain.low <= noise
        parts.append(shown)
        worse += [] if fine else [shown]
    found = f"{gate.metric} against the incumbent: {', '.join(worse or parts[:1])}, {len(parts)} compared"
    return judge(gate, not worse, found, due, remedy)


def _parts(gate: NotWorse, spec: ModelSpec, rows: pd.DataFrame) -> Iterator[tuple[str, Bools]]:
    """Name the parts that are compared: all rows, then the values of each slice."""
    yield "", np.ones(len(rows), dtype=bool)
    for each in spec.judgement.slices:
        if each.column in gate.slices:
            labels, names = cut(each, pd.Series([row.get(each.column) for row in rows[SLICES]]))
            for name in names:
                yield f"{each.column} {name}", (labels == name).to_numpy()


def _figure(gate: NotWorse, part: Outcomes, days: Floats, resamples: Resamples) -> Estimate:
    if gate.metric == "mae_days":
        return resamples.estimate(Errors(part, days).mean_absolute)
    pairs = Pairs.of(part, days)
    return resamples.estimate(pairs.uno if gate.metric == "c_index_ipcw" else pairs.harrell)


def _days(package: ModelPackage, rows: pd.DataFrame) -> Floats:
    """Answer raw rows as far as the package can; fields that only one version has are passed over."""
    answers = Predictor(package, allow_unknown_fields=True).predict(list(rows[INPUT]))
    return np.array([np.nan if isinstance(each, Refusal) else each for each in answers])
