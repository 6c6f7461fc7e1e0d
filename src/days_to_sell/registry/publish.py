"""Publishing: the best candidate becomes one registered version, proved before it is registered."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pyspark

from days_to_sell import __version__
from days_to_sell.data.training_set import TrainingSet
from days_to_sell.errors import ExportError
from days_to_sell.registry import mleap_flavor
from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.package import ModelPackage, write_package
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.spec import ModelSpec
from days_to_sell.training.compare import Prepared, Result
from days_to_sell.training.golden import build_golden
from days_to_sell.training.learn import learn_contract

Progress = Callable[[str], None]


def publish(
    spec: ModelSpec,
    best: Result,
    prepared: Prepared,
    training_set: TrainingSet,
    *,
    registry: Registry,
    report: Progress = print,
) -> ModelVersion:
    """Export, prove and register the best candidate as one version with three flavours.

    Args:
        spec: The model.
        best: The candidate to register.
        prepared: The folds; the test fold gives the exporter its schema.
        training_set: For golden rows, contract and provenance.
        registry: Where it is registered.
        report: Takes lines of progress.

    Raises:
        ExportError: MLeap cannot carry the pipeline, or the bundle does not answer as Spark does.
    """
    with tempfile.TemporaryDirectory() as scratch, mlflow.start_run(run_id=best.run_id, nested=True):
        package = _package(spec, best, prepared, training_set, Path(scratch))
        report(f"model package proved with {len(package.golden)} golden rows, {package.digest}")
        logged = mleap_flavor.log_model(
            best.model, name="model", model_package=package.root, registered_model_name=spec.name
        )
        version = registry.version(spec.name, str(logged.registered_model_version))
        registry.tag(version, {f"package.{name}": value for name, value in _summary(package, best).items()})
    report(f"registered {version.model} version {version.version}: {', '.join(sorted(logged.flavors))}")
    return version


def _package(
    spec: ModelSpec, best: Result, prepared: Prepared, training_set: TrainingSet, scratch: Path
) -> ModelPackage:
    package = write_package(
        scratch / "package",
        model=spec.name,
        bundle=export_bundle(best.model, prepared.test, scratch / "bundle.zip"),
        contract=learn_contract(spec, training_set.frame),
        derivations=Derivations(spec.derivations, training_set.tables, spec.required_numbers),
        golden=build_golden(spec, best.model, training_set.frame, training_set.tables),
        provenance=_provenance(best, training_set),
    )
    proof = Predictor(package).prove()
    if not proof.passed:
        shown = "\n".join(f"  {difference}" for difference in proof.differences[:5])
        raise ExportError(
            f"the bundle does not answer as Spark does on {len(proof.differences)} of {proof.rows} golden "
            f"rows; nothing was registered:\n{shown}"
        )
    return package


def _provenance(best: Result, training_set: TrainingSet) -> dict[str, str]:
    return {
        "run_id": best.run_id,
        "estimator": best.candidate.estimator,
        "code_commit": _commit(),
        "training_data": training_set.manifest.digest,
        "snapshot": training_set.manifest.snapshot,
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "toolkit": __version__,
        "pyspark": pyspark.__version__,
        "mleap_exporter": mleap_flavor.EXPORTER_VERSION,
    }


def _summary(package: ModelPackage, best: Result) -> dict[str, str]:
    metrics = {name: f"{value:.4f}" for name, value in asdict(best.metrics).items()}
    return {"digest": package.digest, "estimator": best.candidate.estimator, **metrics}


def _commit() -> str:
    """Name the commit of the project that trains, with a mark when files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"
