"""Evaluating a version's gates on its verified package, and recording what was found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.models import get_model_info

from days_to_sell.errors import DaysToSellError, GateError
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.gates import alone, beside
from days_to_sell.registry.gates.alone import GateResult
from days_to_sell.registry.gates.door import Entrant
from days_to_sell.registry.gates.evidence import FILE, FOLDER
from days_to_sell.registry.versions import ModelVersion, Registry, translated
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.spec import ModelSpec
from days_to_sell.spec.gates import (
    BetterThanBaselines,
    BundleSize,
    ContractCompatible,
    Documented,
    EnginesAgree,
    Gate,
    IntegrityGreen,
    NotWorse,
    ScoringCost,
)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """What all gates of a version came to.

    Args:
        candidate: The version and the digest of the bytes that were looked at.
        incumbent: Who was in Production then.
        results: One a gate; relative ones only where there was an incumbent.
    """

    candidate: Entrant
    incumbent: Entrant | None
    results: tuple[GateResult, ...]

    @property
    def green(self) -> bool:
        """Whether every gate passed."""
        return all(result.passed for result in self.results)


def evaluate(
    spec: ModelSpec,
    version: ModelVersion,
    *,
    registry: Registry,
    log: EventLog,
    actor: Actor,
    report: Progress = print,
    incumbent: ModelVersion | None = None,
) -> Verdict:
    """Evaluate the gates of a version against whoever is in Production, record it, and show it in tags.

    Args:
        spec: The installed spec, whose gates count.
        version: The candidate.
        registry: Where it is registered.
        log: Where the result is kept.
        actor: Who asked.
        report: Takes a line a gate.
        incumbent: Whom to compare it with instead, where it is in Production itself.

    Raises:
        RegistryError: The version or its package cannot be had.
        PackageError: The package is damaged.
        EventLogError: The log does not answer; nothing was recorded.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        package = registry.fetch_package(version, folder / "candidate")
        against, theirs = _incumbent(registry, version, folder, incumbent)
        evaluator = _Evaluator(spec, version, package, theirs, folder)
        results = []
        for gate in spec.gates:
            if gate.relative and (theirs is None or theirs.digest == package.digest):
                continue
            results.append(evaluator.look(gate))
            report(line(results[-1]))
    verdict = Verdict(Entrant(version.version, package.digest), against, tuple(results))
    shown = {"version": against.version, "digest": against.digest} if against else None
    body = {"incumbent": shown, "results": [result.to_dict() for result in results]}
    log.append(NewEvent(version.model, Kind.GATES, actor, version.version, package.digest, body))
    tags = {f"gates.{each.gate.name}": "green" if each.passed else "red" for each in results}
    registry.tag(version, {"gates.status": "green" if verdict.green else "red", **tags})
    return verdict


def line(result: GateResult) -> str:
    """Say in a line what a gate came to."""
    return f"gate {result.gate.name}: {'green' if result.passed else 'RED'}, {result.reason or result.found}"


def _incumbent(
    registry: Registry, version: ModelVersion, folder: Path, named: ModelVersion | None
) -> tuple[Entrant | None, ModelPackage | None]:
    found = named or registry.production(version.model)
    if found is None or found.version == version.version:
        return None, None
    package = registry.fetch_package(found, folder / "incumbent")
    return Entrant(found.version, package.digest), package


@dataclass(frozen=True)
class _Evaluator:
    """One version with what its gates are judged on."""

    spec: ModelSpec
    version: ModelVersion
    package: ModelPackage
    incumbent: ModelPackage | None
    folder: Path

    def look(self, gate: Gate) -> GateResult:
        """Evaluate one gate; what cannot be evaluated is red, and says why."""
        try:
            return (
                self._relative(gate, self.incumbent)
                if self.incumbent and gate.relative
                else self._absolute(gate)
            )
        except DaysToSellError as error:
            return alone.judge(gate, False, str(error), "evidence", "a gate without evidence stays shut")

    def _absolute(self, gate: Gate) -> GateResult:
        match gate:
            case IntegrityGreen():
                return alone.integrity(gate, self.package)
            case Documented():
                return alone.documented(gate, self.package, self._signed())
            case BetterThanBaselines():
                return alone.baselines(gate, self.package)
            case EnginesAgree():
                return alone.engines(gate, self.package)
            case ScoringCost():
                return alone.cost(gate, self.package)
            case BundleSize():
                return alone.size(gate, self.package)
            case _:
                raise GateError(f"gate {gate.name} compares with an incumbent, and there is none")

    def _relative(self, gate: Gate, incumbent: ModelPackage) -> GateResult:
        match gate:
            case ContractCompatible():
                return beside.contract(gate, self.package, incumbent)
            case NotWorse():
                return beside.not_worse(gate, self.spec, self.package, incumbent, self._held_out())
            case _:
                raise GateError(f"gate {gate.name} is evaluated alone")

    def _signed(self) -> bool:
        with translated(f"the signature of version {self.version.version} of {self.version.model!r}"):
            info = get_model_info(f"models:/{self.version.model}/{self.version.version}")
        return info.signature is not None

    def _held_out(self) -> Path:
        """Fetch the rows from the run that the package names; its digest tells whether they are those."""
        run = self.package.provenance.get("run_id", "")
        with translated(f"the held-out rows of run {run or 'unknown'}"):
            client = MlflowClient(mlflow.get_tracking_uri())
            return Path(client.download_artifacts(run, f"{FOLDER}/{FILE}", str(self.folder)))
