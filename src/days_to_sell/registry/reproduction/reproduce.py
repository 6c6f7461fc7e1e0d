"""Making a registered version again: its package, its commit, its data, its training, and the comparison."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.errors import ReproductionError
from days_to_sell.registry.provenance import Recipe, read_recipe
from days_to_sell.registry.reproduction.checkout import check_out, require_commit
from days_to_sell.registry.reproduction.findings import Finding, compare_data, compare_models
from days_to_sell.registry.reproduction.workshop import Workshop
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.scoring.package import ModelPackage

STEPS = 5


@dataclass(frozen=True)
class Reproduction:
    """What came out when a version was made again.

    Args:
        version: The version.
        digest: Its model package.
        commit: Commit of the code.
        environment: ``fresh`` or ``current``.
        findings: What was compared, in the order in which it comes about.
        seconds: Step to what it took.
    """

    version: ModelVersion
    digest: str
    commit: str
    environment: str
    findings: tuple[Finding, ...]
    seconds: dict[str, float]

    @property
    def reproduced(self) -> bool:
        """Whether everything that was compared is equal."""
        return all(finding.same for finding in self.findings)

    @property
    def verdict(self) -> str:
        """The outcome in one line."""
        subject = f"{self.version.model} version {self.version.version}"
        if self.reproduced:
            return f"reproduced: {subject} from commit {self.commit}"
        differing = ", ".join(finding.subject for finding in self.findings if not finding.same)
        return f"NOT reproduced: {subject} differs in {differing}"


@dataclass
class _Clock:
    """Announces steps and keeps what each took."""

    report: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Time one step."""
        self.report(f"[{len(self.seconds) + 1}/{STEPS}] {title}")
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def reproduce(
    registry: Registry,
    version: ModelVersion,
    workshop: Workshop,
    *,
    repository: Path,
    lake: str | None = None,
    master: str = "local[*]",
) -> Reproduction:
    """Make a version again and compare; a lake that changed is told before anything is fitted.

    Args:
        registry: Where the version is.
        version: The version.
        workshop: Where it is made.
        repository: A clone of the project that has the commit.
        lake: Root of the lake, if it has moved since.
        master: Spark master.

    Raises:
        ReproductionError: It cannot be made again, or a step failed.
        RegistryError: The package cannot be had.
        PackageError: The package is damaged.
    """
    clock = _Clock(workshop.report)
    with clock.step("fetch", f"fetch the package of {version.model} version {version.version}"):
        package = _fetch(registry, version, workshop.scratch)
        recipe = read_recipe(package)
        require_commit(recipe.code_commit, repository)
        workshop.report(f"    {package.digest}, {_described(recipe)}")
    with clock.step("checkout", f"check out commit {recipe.code_commit}"):
        check_out(recipe.code_commit, repository, workshop.checkout)
    with clock.step("environment", f"make the environment: {workshop.environment}"):
        workshop.install()
    where = lake or recipe.lake
    with clock.step("data", f"build the training data from {where}"):
        findings = compare_data(recipe, workshop.build_data(recipe, lake=where, master=master))
    if all(finding.same for finding in findings):
        with clock.step("train", "train the candidates and choose again"):
            rebuilt = workshop.train(recipe, lake=where, master=master)
            findings += compare_models(package, rebuilt)
    return Reproduction(
        version, package.digest, recipe.code_commit, workshop.environment, findings, clock.seconds
    )


def _fetch(registry: Registry, version: ModelVersion, scratch: Path) -> ModelPackage:
    package = registry.fetch_package(version, scratch / "registered")
    registered = version.tags.get("package.digest", package.digest)
    if registered != package.digest:
        raise ReproductionError(
            f"{version.model} version {version.version} was registered with package {registered}, but "
            f"holds {package.digest}: one of the two was changed later, so nothing is sure to compare with"
        )
    return package


def _described(recipe: Recipe) -> str:
    return f"{recipe.estimator} trained on snapshot {recipe.snapshot}"
