"""What a release stands on, put together from the settings: site, target, log, gates, alerts, publishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from days_to_sell.cli.engines import runtime_of
from days_to_sell.cli.events import find_log
from days_to_sell.errors import (
    GateError,
    LeaseError,
    PublishError,
    RegistryError,
    RepositoryError,
    TargetError,
)
from days_to_sell.models import find_model, model_names
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.place import whoever_runs_this
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.alerts import Alerts
from days_to_sell.release.choose import Choice, choose_target
from days_to_sell.release.machine.admission import Evaluate, Gates
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.works import Publish, Store
from days_to_sell.release.outcome import Release
from days_to_sell.release.project import project_root
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION, Artifact, Report, Target
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from days_to_sell.spec import ModelSpec

REFUSED, HELD, DOWN = 1, 3, 4
# As far apart as `make demo PORT=` advises for a second demo.
APART = 10


def make_site(port: int, preprod_port: int, base_image: str | None, workspace: Path) -> Site:
    """Say what targets stand on: the project this runs from, the ports of this machine, the workspace."""
    settings = Settings.from_env()
    return Site(
        settings=replace(settings, base_image=base_image) if base_image else settings,
        project=project_root(),
        workspace=workspace.resolve(),
        addresses=Addresses(settings.host, {PRODUCTION: port, PREPROD: preprod_port}),
        report=click.echo,
    )


def site_of(site: Site, index: int) -> Site:
    """Give the model of an index, counted from 0, ports of its own."""
    ports = {environment: port + APART * index for environment, port in site.addresses.ports.items()}
    return replace(site, addresses=replace(site.addresses, ports=ports))


def specs() -> tuple[str, ...]:
    """Name the registered models that have an installed spec, always in the same order."""
    return tuple(find_model(folder).spec.name for folder in model_names())


def aides_for(site: Site, log: EventLog | None = None) -> Aides:
    """Put together who stands beside a release from a site."""
    settings, log = site.settings, log or find_log(site.workspace)
    return Aides(
        log,
        Gates(log, evaluator(log, site.report)),
        Alerts(settings.alert_url, site.report),
        publish=publisher(settings, site.report),
        store=storer(settings, site.report),
        trusted_keys=settings.trusted_keys,
    )


def evaluator(log: EventLog, report: Report) -> Evaluate:
    """Give what evaluates gates that were not evaluated."""

    def evaluate_all(spec: ModelSpec, version: ModelVersion, incumbent: str | None) -> None:
        # It stands on pandas and the whole of training.
        from days_to_sell.registry.gates.evaluate import evaluate

        registry = Registry()
        against = registry.version(version.model, incumbent) if incumbent else None
        actor = whoever_runs_this()
        evaluate(spec, version, registry=registry, log=log, actor=actor, report=report, incumbent=against)

    return evaluate_all


def publisher(settings: Settings, report: Report) -> Publish | None:
    """Give what publishes images; None where no image registry is named."""
    if not settings.image_registry:
        return None

    def publish_image(artifact: Artifact) -> Mapping[str, str]:
        from days_to_sell.release.engine import connect
        from days_to_sell.release.images.publish import publish

        published = publish(connect(), str(artifact.image), settings.image_registry, report=report)
        return {"published": published.address, "image_digest": published.digest}

    return publish_image


def storer(settings: Settings, report: Report) -> Store | None:
    """Give what puts packages where they are kept by digest; None where no such place is named."""
    if not settings.packages:
        return None

    def store(package: ModelPackage) -> str:
        # It stands on boto3, which takes a while to import.
        from days_to_sell.registry.package_store import put_package

        return put_package(package, settings.packages, settings=settings, report=report)

    return store


def release_production(model: str, choice: Choice, site: Site, aides: Aides | None = None) -> Release:
    """Choose a target, say so loudly, and reconcile."""
    target, reason = choose_target(choice, site)
    click.secho(f"*** {reason} ***", bold=True)
    aides = aides or aides_for(site)
    try:
        return reconcile_at(model, target, site, aides)
    finally:
        aides.alerts.wait()


def reconcile_at(model: str, target: Target, site: Site, aides: Aides) -> Release:
    """Reconcile a model at a target, as the site says."""
    return reconcile(
        Registry(),
        model,
        target,
        workspace=site.workspace,
        report=site.report,
        engine=site.settings.engine,
        runtime=runtime_of(site.settings),
        aides=aides,
    )


def code_of(error: Exception) -> int:
    """Tell by the exit code of a failed release what to do: look at the version, wait, or mend something."""
    if isinstance(error, LeaseError):
        return HELD
    if isinstance(error, GateError):
        return REFUSED
    down = RegistryError | TargetError | PublishError | RepositoryError
    return DOWN if isinstance(error, down) else REFUSED
