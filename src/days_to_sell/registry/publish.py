"""The first of two steps to a version: the best candidate is proved and logged as a model."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlflow

from days_to_sell.data.code import is_whole
from days_to_sell.data.shared import scratch_beside
from days_to_sell.data.training_set import TrainingSet
from days_to_sell.errors import ExportError, PackageError
from days_to_sell.registry import mleap_flavor
from days_to_sell.registry.dataset import link_to_model
from days_to_sell.registry.gates.evidence import FOLDER, write_evidence, write_held_out
from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.registry.provenance import write_provenance
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.package import ModelPackage, open_package, write_package
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.scoring.signature import sign_package
from days_to_sell.settings import Settings
from days_to_sell.spec import ModelSpec
from days_to_sell.training.compare import Prepared, Result
from days_to_sell.training.evaluation import Evaluation
from days_to_sell.training.golden import build_golden
from days_to_sell.training.learn import learn

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Logged:
    """The best candidate as a logged model with three flavours, which nobody has registered yet.

    Args:
        package: The proved model package.
        model_id: MLflow's name for the logged model.
        flavors: What can load it.
        tags: What the tags of its version are to say.
    """

    package: ModelPackage
    model_id: str
    flavors: tuple[str, ...]
    tags: Mapping[str, str]


def log_best(
    spec: ModelSpec,
    best: Result,
    prepared: Prepared,
    training_set: TrainingSet,
    *,
    target: Path,
    baselines: Sequence[Evaluation] = (),
    searched: bool = False,
    made: Mapping[str, str] | None = None,
    report: Progress = print,
) -> Logged:
    """Export and prove the best candidate as a model package, and log it in the candidate's run.

    Args:
        spec: The model.
        best: The candidate.
        prepared: The folds; the test fold gives the exporter its schema.
        training_set: For golden rows, contract and provenance.
        target: Directory to become the package, once it is proved; it must not exist.
        baselines: Those who sat the exam beside it; without them no gate can tell that it beats them.
        searched: Whether parameters were searched, which whoever makes it again has to know.
        made: What :func:`write_provenance` said when it was trained; the same as now when not given.
        report: Takes lines of progress.

    Raises:
        ExportError: MLeap cannot carry the pipeline, or the bundle does not answer as Spark does.
        PackageError: ``target`` exists.
        SignatureError: The environment names a key to sign with that cannot be used.
    """
    require_new(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        held_out = write_held_out(spec, prepared, Path(scratch))
        provenance = dict(made or write_provenance(best, training_set.manifest, searched=searched))
        provenance |= write_evidence(best, baselines, training_set, held_out)
        package = _package(spec, best, prepared, training_set, provenance, Path(scratch))
        report(f"model package proved with {len(package.golden)} golden rows, {package.digest}")
        if key_file := Settings.from_env().signing_key:
            report(f"model package signed by key {sign_package(package, key_file)}")
        with mlflow.start_run(run_id=best.run_id, nested=True):
            logged = mleap_flavor.log_model(
                best.model,
                name="model",
                model_package=package.root,
                dfs_tmpdir=scratch_beside(training_set.frame.sparkSession, training_set.path),
            )
            link_to_model(training_set, str(logged.model_id))
            mlflow.log_artifact(str(held_out), FOLDER)
        package.root.rename(target)
    if not is_whole(provenance["code_commit"]):
        report(
            f"note: nobody can make this model again, for its code is {provenance['code_commit']}; "
            "before a training that counts, commit what differs"
        )
    opened = open_package(target)
    flavors = tuple(sorted(logged.flavors))
    return Logged(opened, str(logged.model_id), flavors, _summary(opened.digest, best))


def require_new(target: Path) -> None:
    """Make sure that no package would be written over.

    Raises:
        PackageError: ``target`` exists.
    """
    if target.exists():
        raise PackageError(f"{target} exists; choose another directory, packages are never overwritten")


def _package(
    spec: ModelSpec,
    best: Result,
    prepared: Prepared,
    training_set: TrainingSet,
    provenance: Mapping[str, str],
    scratch: Path,
) -> ModelPackage:
    learned = learn(spec, best.model, training_set.frame, training_set.tables, best.predicted.shape)
    package = write_package(
        scratch / "package",
        model=spec.name,
        bundle=export_bundle(best.model, prepared.test, scratch / "bundle.zip"),
        contract=learned.contract,
        derivations=Derivations(spec.derivations, training_set.tables, spec.required_numbers),
        golden=build_golden(spec, best.model, training_set.frame, training_set.tables),
        profile=learned.profile,
        provenance=provenance,
    )
    proof = Predictor(package).prove()
    if not proof.passed:
        shown = "\n".join(f"  {difference}" for difference in proof.differences[:5])
        raise ExportError(
            f"the bundle does not answer as Spark does on {len(proof.differences)} of {proof.rows} golden "
            f"rows; nothing was registered:\n{shown}"
        )
    return package


def _summary(digest: str, best: Result) -> dict[str, str]:
    metrics = {name: f"{figure.value:.4f}" for name, figure in best.evaluation.metrics.items()}
    said = {"digest": digest, "estimator": best.candidate.estimator, **metrics}
    return {f"package.{name}": value for name, value in said.items()}
