"""The reconcile step: what Production names in the registry becomes what serves, once it is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import DaysToSellError, ReleaseError
from days_to_sell.release.lock import only_one
from days_to_sell.release.names import short
from days_to_sell.release.outcome import (
    Release,
    new_release,
    refused_tags,
    released_tags,
    releasing_tags,
    standing_release,
)
from days_to_sell.release.packages import Versions, fetch_package
from days_to_sell.release.replay import BATCH_ROWS, replay, require
from days_to_sell.release.target import PREPROD, PRODUCTION, Artifact, Report, Target, bring_back_on_failure
from days_to_sell.scoring.engines import Engine, FindRuntime
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion


def reconcile(
    registry: Versions,
    model: str,
    target: Target,
    *,
    workspace: Path,
    report: Report,
    environments: Sequence[str] = (PREPROD, PRODUCTION),
    batch_rows: int = BATCH_ROWS,
    engine: Engine = "auto",
    runtime: FindRuntime | None = None,
) -> Release:
    """Make the target serve the version that is in Production, or leave what serves as it is.

    The version is proven three times against its golden data: by the scorer before anything is built, and
    over HTTP in each environment. Only then is it tagged as released. Where it serves already, nothing is
    done.

    Args:
        registry: Where versions and their packages are.
        model: Name of the registered model.
        target: What serves.
        workspace: Directory for packages and state.
        report: Takes one line of progress.
        environments: Where to prove the version, in order; the last is production.
        batch_rows: Golden rows of one request; at most the service's own limit.
        engine: What is to compute the bundle; ``auto`` is Python where it knows every operator, else the JVM.
        runtime: Finds what the JVM engine is started from, where that is taken.

    Raises:
        DaysToSellError: The version was refused; the reason stands in its tags too.
    """
    with only_one(workspace):
        serving = target.current(environments[-1])
        served_version = serving.version if serving and serving.model == model else None
        desired = registry.production(model, served_version)
        if desired is None:
            raise ReleaseError(f"no version of {model} is in Production; promote one, then release again")
        registry.align(desired)
        standing = standing_release(desired, serving, engine)
        if standing is not None:
            report(f"{model} version {desired.version} is released and serves already: nothing to do")
            return standing
        load = partial(Predictor, engine=engine, runtime=runtime)
        step = _Step(registry, desired, target, workspace, report, tuple(environments), batch_rows, load)
        try:
            return step.run()
        except DaysToSellError as error:
            step.refuse(error)
            raise


@dataclass(frozen=True)
class _Step:
    """One attempt to release one version."""

    registry: Versions
    desired: ModelVersion
    target: Target
    workspace: Path
    report: Report
    environments: tuple[str, ...]
    batch_rows: int
    load: Callable[[ModelPackage], Predictor]

    def run(self) -> Release:
        for environment in self.environments:
            self.target.reserve(self.desired.model, environment)
        self.registry.tag(self.desired, releasing_tags())
        artifact = self._prepare()
        *rehearsals, last = self.environments
        for environment in rehearsals:
            with self._on_trial(artifact, environment):
                pass
        with self._on_trial(artifact, last) as release:
            self.registry.tag(self.desired, released_tags(release))
        self.report(f"released: {release.model} version {release.version} serves at {release.url}")
        return release

    def refuse(self, error: DaysToSellError) -> None:
        self.report(f"refused: {error}")
        try:
            self.registry.tag(self.desired, refused_tags(error))
        except DaysToSellError as failure:
            # The refusal itself must reach the caller, whatever the registry says to the tag.
            self.report(f"the reason could not be written to the version's tags: {failure}")

    def _prepare(self) -> Artifact:
        name = f"{self.desired.model} version {self.desired.version}"
        self.report(f"fetching the model package of {name}")
        package = fetch_package(self.registry, self.desired, self.workspace)
        predictor = self.load(package)
        self.report(f"engine {predictor.engine}: {predictor.reason}")
        proof = predictor.prove()
        require(proof, f"the bundle of {name}")
        self.report(f"package {short(package.digest)}: {proof.rows} golden rows hold in the bundle")
        return self.target.prepare(package, self.desired.version, predictor.engine)

    @contextmanager
    def _on_trial(self, artifact: Artifact, environment: str) -> Iterator[Release]:
        """Deploy and prove; what served before comes back unless everything within succeeds."""
        self.report(f"{environment}: deploying version {artifact.version} to the {self.target.name} target")
        deployment = self.target.deploy(artifact, environment)
        with bring_back_on_failure(lambda: self.target.restore(deployment)):
            proof = replay(deployment.url, artifact.package.golden, batch_rows=self.batch_rows)
            require(proof, f"{deployment} at {deployment.url}")
            self.report(
                f"{environment}: {proof.rows} golden rows hold at {deployment.url}, "
                f"largest relative error {proof.max_rel_error:.1e}"
            )
            yield new_release(artifact, self.target.name, deployment, proof)
        self.target.confirm(deployment)
