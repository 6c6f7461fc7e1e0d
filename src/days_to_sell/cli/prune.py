"""``days-to-sell release prune``: remove what was kept of versions that nobody will go back to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import docker

from days_to_sell.cli.events import WORKSPACE, find_log
from days_to_sell.cli.reconciling import code_of, make_site
from days_to_sell.errors import DaysToSellError, TargetError
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.versions import Registry
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.engine import connect
from days_to_sell.release.machine.place import lease_name, place_of
from days_to_sell.release.machine.tenure import hold
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.prune import KEEP, Leftover, drop, leftovers
from days_to_sell.release.site import Site


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEEP,
    show_default=True,
    help="Released versions to keep, the newest first.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder of the release.",
)
def prune(models: tuple[str, ...], keep: int, dry_run: bool, workspace: Path) -> None:
    """Remove packages and images of those versions of each MODEL that nobody needs any more.

    Without a MODEL, of all that were released. The newest released versions stay, and so do what serves, what
    is in Production, what a rollback would go back to, and what a release is at work on. Nothing is touched
    that no release made from here. A version that was removed can still be released: it is fetched and built
    again. Exit codes are those of release.

    \b
    Examples:
      days-to-sell release prune --dry-run
      days-to-sell release prune days-to-sell --keep 5
    """
    if not workspace.exists():
        click.echo(f"nothing was released from {workspace}")
        return
    log, site, codes = find_log(workspace), make_site(8080, 8081, None, workspace), []
    with _engine() as engine:
        for model in models or log.models():
            try:
                _prune(log, model, site, engine, keep, dry_run)
            except DaysToSellError as error:
                click.echo(f"error: {error}", err=True)
                codes.append(code_of(error))
    sys.exit(min(codes, default=0))


def _prune(
    log: EventLog, model: str, site: Site, engine: docker.DockerClient | None, keep: int, dry_run: bool
) -> None:
    """Prune one model."""
    place = place_of(site.workspace)
    # No release may take in this moment what is about to go.
    with hold(log, lease_name("release", model, place), report=site.report):
        production = Registry().production(model)
        serving = ProcessTarget(site).started() + (DockerTarget(engine, site).started() if engine else ())
        found = leftovers(
            log,
            model,
            place,
            site.workspace,
            production=production.version if production else None,
            serving=serving,
            engine=engine,
            keep=keep,
        )
        if not found:
            click.echo(f"{model}: nothing to remove")
        for left in found:
            click.echo(_said(left, "would remove" if dry_run else "removing"))
            if not dry_run:
                drop(left, engine)


def _said(left: Leftover, doing: str) -> str:
    things = [f"package {left.folder.name}"] if left.folder else []
    return f"{left.key.model} version {left.key.version}: {doing} " + ", ".join(
        [*things, *(f"image {image}" for image in left.images)]
    )


@contextmanager
def _engine() -> Iterator[docker.DockerClient | None]:
    """Open a client of the engine; where none answers, images stay, and that is said."""
    try:
        engine = connect()
    except TargetError as error:
        click.echo(f"images stay: {error}", err=True)
        yield None
        return
    with closing(engine):
        yield engine
