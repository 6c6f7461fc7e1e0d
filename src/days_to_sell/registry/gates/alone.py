"""Absolute gates: what a version's own package shows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.registry.gates.evidence import FIGURES, INTEGRITY, read_evidence
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.settings import Settings
from days_to_sell.spec.gates import (
    HIGHER_IS_BETTER,
    BetterThanBaselines,
    BundleSize,
    Documented,
    EnginesAgree,
    Gate,
    IntegrityGreen,
    ScoringCost,
    declared,
)
from days_to_sell.training.evaluation.baselines import OVERALL, SEGMENT
from days_to_sell.training.spark.mleap_runtime.find import find_runtime

MIB = 2**20
ROUNDS = 7


@dataclass(frozen=True)
class GateResult:
    """What one gate came to.

    Args:
        gate: The gate that was evaluated.
        passed: Whether it lets the version through.
        found: What was found, for people.
        due: What had to be.
        reason: Why it is red, with what to do; empty where it is green.
    """

    gate: Gate
    passed: bool
    found: str
    due: str
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Write it as the event log keeps it."""
        return {
            "gate": self.gate.name,
            "declared": declared(self.gate),
            "passed": self.passed,
            "found": self.found,
            "due": self.due,
            "reason": self.reason,
        }


def judge(gate: Gate, passed: bool, found: str, due: str, remedy: str) -> GateResult:
    """Make a result, with a reason where it is red."""
    return GateResult(gate, passed, found, due, "" if passed else f"{found}, due {due}; {remedy}")


def integrity(gate: IntegrityGreen, package: ModelPackage) -> GateResult:
    """Look at the report that training bound to the package."""
    said = read_evidence(package, INTEGRITY)
    failed, checks = list(said["failed"]), int(said["checks"])
    green = checks > 0 and not failed
    found = f"{len(failed)} of {checks} checks failed"
    return judge(gate, green, found, "none failed", "mend the sources that the report names and train anew")


def documented(gate: Documented, package: ModelPackage, signed: bool) -> GateResult:
    """Look for the signature of the logged model, the contract's fields and the golden rows."""
    fields, golden = len(package.contract.fields), len(package.golden)
    found = f"{'a' if signed else 'no'} signature, {fields} fields, {golden} golden rows"
    due = f"a signature, a contract, {gate.golden_rows} golden rows"
    return judge(gate, signed and fields > 0 and golden >= gate.golden_rows, found, due, "log the model anew")


def baselines(gate: BetterThanBaselines, package: ModelPackage) -> GateResult:
    """Compare the figures of one exam; a baseline that has no figure is not beaten."""
    said = read_evidence(package, FIGURES)
    mine = said["candidate"].get(gate.metric)
    theirs = {name: said["baselines"].get(name, {}).get(gate.metric) for name in (OVERALL, SEGMENT)}
    sign = 1 if HIGHER_IS_BETTER[gate.metric] else -1
    beaten = mine is not None and all(
        each is not None and sign * mine > sign * each for each in theirs.values()
    )
    found = f"{gate.metric} {_figure(mine)}"
    due = "better than " + ", ".join(f"{name} ({_figure(each)})" for name, each in theirs.items())
    return judge(gate, beaten, found, due, "find features that tell more, or train on more rows")


def engines(gate: EnginesAgree, package: ModelPackage) -> GateResult:
    """Answer the golden rows in Python and, where its runtime can be had, in a JVM."""
    remedy = "do not serve it: look at days-to-sell bundle verify"
    proofs = {"Python": Predictor(package, engine="python").prove()}
    absent = ""
    try:
        settings = Settings.from_env()
        runtime = Predictor(package, engine="jvm", runtime=lambda: find_runtime(settings))
        proofs["JVM"] = runtime.prove()
    except EnvironmentProblem as error:
        absent = f"; no JVM was asked: {str(error).splitlines()[0]}"
    found = ", ".join(
        f"{name}: {proof.rows - len(proof.differences)} of {proof.rows}" for name, proof in proofs.items()
    )
    passed = all(proof.passed and proof.rows for proof in proofs.values()) and not (gate.jvm and absent)
    if gate.jvm and absent:
        remedy = "evaluate it where MLeap's runtime is"
    due = "every golden row as Spark answered it, in Python" + (" and a JVM" if gate.jvm else "")
    return judge(gate, passed, found + absent, due, remedy)


def cost(gate: ScoringCost, package: ModelPackage) -> GateResult:
    """Time a row against a loop beside it, so that a busy or slow machine slows both."""
    predictor, rows = Predictor(package), [row.input for row in package.golden]
    predictor.predict(rows)
    ratios, micros = [], []
    for _ in range(ROUNDS):
        loop = _seconds(lambda: sum(range(1000)))
        row = _seconds(lambda: predictor.predict(rows)) / max(len(rows), 1)
        ratios.append(row / loop)
        micros.append(row * 1e6)
    ratio = statistics.median(ratios)
    found = f"{ratio:.1f} loops a row ({statistics.median(micros):.0f} microseconds here)"
    return judge(gate, ratio <= gate.most, found, f"at most {gate.most:g}", "take fewer or shallower trees")


def size(gate: BundleSize, package: ModelPackage) -> GateResult:
    """Weigh the bundle."""
    mib = package.bundle.stat().st_size / MIB
    due = f"at most {gate.most_mib:g} MiB"
    return judge(gate, mib <= gate.most_mib, f"{mib:.3f} MiB", due, "take fewer or shallower trees")


def _seconds(work: Callable[[], object], times: int = 3) -> float:
    """Take the shortest of a few: what else the machine does only makes it longer."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"
