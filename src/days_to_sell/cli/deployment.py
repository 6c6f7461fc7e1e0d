"""``days-to-sell deployment``: releases by git, from the commit to what serves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from days_to_sell.cli.contract import table
from days_to_sell.cli.engines import runtime_of
from days_to_sell.cli.events import WORKSPACE
from days_to_sell.cli.options import engine_option, service_options
from days_to_sell.cli.reconciling import aides_for, code_of, make_site
from days_to_sell.errors import DaysToSellError
from days_to_sell.registry.events.place import open_log
from days_to_sell.registry.package_store import fetch_package_from_s3, put_package
from days_to_sell.registry.versions import Registry
from days_to_sell.release.choose import Choice, choose_target
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.engine import connect, ensure_image
from days_to_sell.release.gitops.apply import apply_record, read_file, require_places
from days_to_sell.release.gitops.commit import Committed, Storage, commit_production
from days_to_sell.release.gitops.record import Record
from days_to_sell.release.gitops.repository import Repository
from days_to_sell.release.gitops.scaffolding import write_scaffold
from days_to_sell.release.machine.tenure import WAIT_SECONDS
from days_to_sell.release.outcome import Release
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.service import answering
from days_to_sell.release.site import Site
from days_to_sell.release.target import PREPROD, PRODUCTION, Target
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Engine, Settings

workspace_option = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder for packages and the state of deployments.",
)
wait_option = click.option(
    "--wait", default=WAIT_SECONDS, show_default=True, help="Seconds to wait for another one of the model."
)


@click.group()
def deployment() -> None:
    """Release by git: a commit says what is to serve, and whoever reads it deploys that.

    \b
    Examples:
      days-to-sell deployment commit days-to-sell --repository ssh://git@git.example/team/deployments.git
      days-to-sell deployment apply models/days-to-sell.json --target docker
      days-to-sell deployment status models/days-to-sell.json
      days-to-sell deployment init deployments
    """


@deployment.command()
@click.argument("model")
@click.option("--repository", required=True, help="Git repository of deployments: an address, or a folder.")
@click.option("--branch", default="main", show_default=True, help="The branch that is deployed.")
@click.option(
    "--packages",
    help="s3://bucket/prefix for the package; DAYS_TO_SELL_PACKAGES if absent, else left in MLflow.",
)
@click.option("--base-image", help="Base of the scoring image, where one is published.")
@engine_option
@workspace_option
@wait_option
@click.option("--again", is_flag=True, help="Commit the version although somebody took it back.")
def commit(
    model: str,
    repository: str,
    branch: str,
    packages: str | None,
    base_image: str | None,
    engine: Engine,
    workspace: Path,
    wait: float,
    again: bool,
) -> None:
    """Write the version of registered MODEL that is in Production to a deployment repository.

    It is fetched, admitted by its gates, proven with its golden data, and put where others fetch it; where
    DAYS_TO_SELL_IMAGE_REGISTRY is set, its image is built and published. Then one commit says so. Run again,
    it does nothing while the repository says so, and continues what was interrupted.

    Ends with code 0 where the repository says what it should, whether or not there was anything to commit; 1
    where the version or the commit was refused, 2 where the call is wrong, 3 where another program holds the
    lease, 4 where something did not answer.

    \b
    Examples:
      days-to-sell deployment commit days-to-sell --repository ssh://git@git.example/team/deployments.git
      days-to-sell deployment commit days-to-sell --repository deployments.git --packages s3://models/released
    """
    settings = Settings.from_env()

    def act() -> None:
        where = Repository(repository, branch, settings.git_identity)
        site = make_site(0, 0, base_image, workspace)
        aides = replace(aides_for(site), wait=wait)
        place = settings.packages if packages is None else packages
        put: Callable[[ModelPackage, str], str] = partial(put_package, settings=settings)
        try:
            _tell(
                commit_production(
                    Registry(),
                    model,
                    where,
                    Storage(place, put, settings.image_registry),
                    _workshop(site),
                    workspace=site.workspace,
                    report=site.report,
                    aides=aides,
                    engine=engine,
                    runtime=runtime_of(settings),
                    again=again,
                )
            )
        finally:
            aides.alerts.wait()

    _ending_with_a_code(act)


@deployment.command()
@click.argument("file", type=click.Path(path_type=Path))
@service_options
@workspace_option
@wait_option
def apply(
    file: Path,
    target: Choice,
    port: int,
    preprod_port: int,
    base_image: str | None,
    workspace: Path,
    wait: float,
) -> None:
    """Make what serves equal to what FILE of a deployment repository says.

    The package is fetched by its digest, the image taken by its digest, or built where the file names none;
    then golden data is replayed by the bundle, in pre-production and in production. A version that fails
    leaves what serves as it is. No MLflow is asked, unless the package was left there. Run again, it does
    nothing while the version serves. What was released here before comes back from what was kept.

    Exit codes are those of release.

    \b
    Examples:
      days-to-sell deployment apply models/days-to-sell.json
      days-to-sell deployment apply models/days-to-sell.json --target docker --port 8090 --preprod-port 8091
    """

    def act() -> None:
        record = read_file(file)
        settings = Settings.from_env()
        require_places(record, settings.packages, settings.image_registry)
        site = make_site(port, preprod_port, base_image, workspace)
        chosen, reason = choose_target(target, site, record.image)
        click.secho(f"*** {reason} ***", bold=True)
        released = _applied(record, chosen, site, wait)
        click.echo(f"{released.model} version {released.version} at {released.url}")

    _ending_with_a_code(act)


@deployment.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--port", default=8080, show_default=True, help="Port of production.")
@click.option("--preprod-port", default=8081, show_default=True, help="Port of pre-production.")
def status(files: tuple[Path, ...], port: int, preprod_port: int) -> None:
    """Tell what each FILE of a deployment repository says, and what answers.

    Ends with code 0 where production answers as every file says, else with 1. Each model is asked at the same
    ports: name one file where they have ports of their own.

    \b
    Examples:
      days-to-sell deployment status models/days-to-sell.json
    """
    lines: list[tuple[str, ...]] = [("model", "file", PREPROD, PRODUCTION, "as it should be")]
    codes = [0]
    for file in files:
        try:
            record = read_file(file)
        except DaysToSellError as error:
            click.echo(f"error: {error}", err=True)
            codes.append(1)
            continue
        host = make_site(port, preprod_port, None, WORKSPACE).addresses
        found = {name: answering(host.url(name)) for name in (PREPROD, PRODUCTION)}
        shown = [f"{each.model} {each.version}" if each else "nothing" for each in found.values()]
        serves = found[PRODUCTION]
        due = (record.model, record.version, record.package.digest)
        right = serves is not None and (serves.model, serves.version, serves.digest) == due
        codes.append(0 if right else 1)
        lines.append((record.model, record.version, *shown, "yes" if right else "no"))
    click.echo(table(lines))
    sys.exit(max(codes))


@deployment.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write what a deployment repository starts with into FOLDER: a script, a workflow, a page for people.

    What is there already stays as it is.

    \b
    Examples:
      days-to-sell deployment init deployments
    """

    def act() -> None:
        written = write_scaffold(folder)
        for path in written:
            click.echo(f"wrote {path}")
        if not written:
            click.echo(f"{folder} has all of it already")

    _ending_with_a_code(act)


def _applied(record: Record, target: Target, site: Site, wait: float) -> Release:
    settings = site.settings
    # The log of this place: MLflow's is asked for nothing here.
    log = open_log(settings.event_log, "", site.workspace, site.report)
    aides = replace(aides_for(site, log), wait=wait)
    try:
        return apply_record(
            record,
            target,
            partial(_fetch, settings),
            workspace=site.workspace,
            report=site.report,
            aides=aides,
            runtime=runtime_of(settings),
        )
    finally:
        aides.alerts.wait()


def _fetch(settings: Settings, record: Record, target: Path) -> ModelPackage:
    address = record.package.address
    if address.startswith("s3://"):
        return fetch_package_from_s3(address, target, settings=settings)
    registry = Registry()
    return registry.fetch_package(registry.version(record.model, record.version), target)


def _workshop(site: Site) -> Target:
    """Give what makes images where one is published; else nothing is made, and packages go as they are."""
    if not site.settings.image_registry:
        return ProcessTarget(site)
    engine = connect()
    ensure_image(engine, site.settings.base_image, site.report)
    return DockerTarget(engine, site)


def _tell(found: Committed) -> None:
    said = f"{found.record.model} version {found.record.version}"
    click.echo(f"{said}: {'committed as' if found.changed else 'nothing to commit, at'} {found.commit}")


def _ending_with_a_code(act: Callable[[], None]) -> None:
    try:
        act()
    except DaysToSellError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(code_of(error))
