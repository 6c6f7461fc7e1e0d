"""``days-to-sell step promote``: the version of a snapshot in Production, where all its gates are green."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from days_to_sell.cli.events import find_log
from days_to_sell.cli.step.options import step_options, step_run
from days_to_sell.cli.step.taken import checked_data
from days_to_sell.errors import RegistryError
from days_to_sell.registry.gates.door import Entrant, refusals
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.spec import ModelSpec

# What Airflow takes for "skip this, and what follows"; a red gate is an answer, and no failure.
REFUSED = 99


@click.command()
@step_options
def promote(folder: str, lake: str, snapshot: str) -> None:
    """Put the version of a snapshot in Production, unless a gate is red or a newer snapshot is there.

    Ends with code 99 where it may not go there, after every reason.

    \b
    Example:
      days-to-sell step promote --lake build/lake --snapshot 2025-06-30
    """
    reasons: tuple[str, ...] = ()
    with step_run("promote", folder, lake, snapshot) as (model, flow):
        data, spec, registry = checked_data(flow), model.spec, Registry()
        version = registry.version(spec.name, flow.needed("register", data.key).left["version"])
        incumbent = registry.production(spec.name)
        if incumbent is None or incumbent.version != version.version:
            reasons = _against(spec, registry, version, incumbent)
            if not reasons:
                registry.promote(spec.name, version.version)
        if not reasons:
            click.echo(f"{spec.name} version {version.version} is in Production")
            flow.finish(data.left["manifest"]["snapshot"], data.key, {"version": version.version})
    if reasons:
        said = "\n".join(f"  {reason}" for reason in reasons)
        click.echo(f"{spec.name} version {version.version} is not promoted:\n{said}", err=True)
        raise click.exceptions.Exit(REFUSED)


def _against(
    spec: ModelSpec, registry: Registry, version: ModelVersion, incumbent: ModelVersion | None
) -> tuple[str, ...]:
    """Say what speaks against a version: its gates, and an incumbent of a later snapshot."""
    package = _package(registry, version)
    theirs = _package(registry, incumbent) if incumbent else None
    if incumbent and theirs and theirs.provenance["snapshot"] > package.provenance["snapshot"]:
        return (
            f"version {incumbent.version} in Production is of the later snapshot "
            f"{theirs.provenance['snapshot']}; where the older one is wanted all the same, run: "
            f"days-to-sell promote {spec.name} {version.version}",
        )
    against = Entrant(incumbent.version, theirs.digest) if incumbent and theirs else None
    log = find_log()
    with log.engine.connect() as connection:
        return refusals(connection, log.workspace, spec, Entrant(version.version, package.digest), against)


def _package(registry: Registry, version: ModelVersion) -> ModelPackage:
    """Read the package of a version: a tag would only claim what it is."""
    with tempfile.TemporaryDirectory() as scratch:
        package = registry.fetch_package(version, Path(scratch) / "package")
        if "snapshot" not in package.provenance:
            raise RegistryError(
                f"the package of version {version.version} does not say its snapshot; train anew"
            )
        return package
