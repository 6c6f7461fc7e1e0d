"""``days-to-sell release``: make what serves equal to what is in Production, once or for good."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import click

from days_to_sell.cli.canarying import canary_options
from days_to_sell.cli.contract import table
from days_to_sell.cli.events import WORKSPACE, find_log
from days_to_sell.cli.model_first import ModelFirst
from days_to_sell.cli.options import engine_option, service_options
from days_to_sell.cli.prune import prune
from days_to_sell.cli.reconciling import aides_for, code_of, make_site, release_production, site_of, specs
from days_to_sell.errors import DaysToSellError, RegistryError
from days_to_sell.registry.versions import Registry
from days_to_sell.release.canary.watch import Watch
from days_to_sell.release.choose import Choice
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.machine.tenure import LEASE_SECONDS, WAIT_SECONDS
from days_to_sell.release.site import Site
from days_to_sell.release.status import KINDS, StepState, states
from days_to_sell.settings import Engine

__all__ = ["make_site", "release", "release_production"]


workspace_option = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder for packages and the state of deployments.",
)


@click.group(cls=ModelFirst, usual="run", alone=True)
def release() -> None:
    """Build, prove and deploy what is in Production.

    `release MODEL` is short for `release run MODEL`; only a model called run, status or prune needs the long
    form.

    \b
    Examples:
      days-to-sell release days-to-sell
      days-to-sell release --watch
      days-to-sell release status
    """


release.add_command(prune)


@release.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@service_options
@engine_option
@workspace_option
@click.option(
    "--wait",
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds to wait for another release of the model.",
)
@click.option(
    "--lease",
    type=click.FloatRange(min=1),
    default=LEASE_SECONDS,
    show_default=True,
    help="Seconds after which another program takes over from this one, should it die.",
)
@canary_options
@click.option("--watch", is_flag=True, help="Go on until told to end; release what comes into Production.")
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    help="With --watch: seconds between looks at the registry, where nothing else tells it to look.",
)
@click.option("--webhook-port", type=int, help="With --watch: take MLflow's webhook on this port as a hint.")
@click.option("--webhook-host", default="127.0.0.1", show_default=True, help="Address to take it on.")
@click.option("--webhook-secret", type=click.Path(path_type=Path), help="File with the webhook's secret.")
def run(
    models: tuple[str, ...],
    target: Choice,
    port: int,
    preprod_port: int,
    base_image: str | None,
    engine: Engine,
    workspace: Path,
    wait: float,
    lease: float,
    canary: Watch | None,
    watch: bool,
    every: float,
    webhook_port: int | None,
    webhook_host: str,
    webhook_secret: Path | None,
) -> None:
    """Build, prove and deploy the version of each registered MODEL that is in Production.

    Without a MODEL, all that have an installed spec. Each further one is served on ports higher by ten.
    Golden data is replayed in pre-production and again in production; a version that fails leaves what
    serves as it is. Run again, it does nothing while the released version serves, and continues what was
    interrupted.

    Ends with code 0 where all is as it should be, 1 where a version was refused, 2 where the call is wrong, 3
    where another program holds the lease, 4 where something did not answer or was in the way.

    \b
    Examples:
      days-to-sell release days-to-sell
      days-to-sell release days-to-sell --target docker --base-image python:3.11-slim-bookworm
      days-to-sell release days-to-sell --engine jvm
      days-to-sell release days-to-sell --target docker --canary 10%
      days-to-sell release --watch --webhook-port 8099 --webhook-secret webhook.secret
    """
    if (webhook_port is None) != (webhook_secret is None):
        raise click.UsageError("--webhook-port and --webhook-secret belong together")
    if webhook_port is not None and not watch:
        raise click.UsageError("--webhook-port belongs to --watch")
    site = make_site(port, preprod_port, base_image, workspace)
    site = replace(site, settings=replace(site.settings, engine=engine))
    names = models or specs()
    if not watch:
        sys.exit(_once(names, target, site, wait, lease, canary, named=bool(models)))
    # Threads, a server and a terminal are of no use to a release that runs once.
    from days_to_sell.cli.watching import Hook, watch_production

    hook = Hook(webhook_host, webhook_port, webhook_secret) if webhook_port and webhook_secret else None
    watch_production(names, target, site, every, lease, hook, canary)


def _once(
    names: Sequence[str],
    choice: Choice,
    site: Site,
    wait: float,
    lease: float,
    canary: Watch | None,
    *,
    named: bool,
) -> int:
    """Release each model; one that fails holds up no other. Give the exit code."""
    codes = []
    for index, name in enumerate(names):
        try:
            if not named and not _in_production(name):
                continue
            here = site_of(site, index)
            aides = replace(aides_for(here), wait=wait, lease_seconds=lease, canary=canary)
            released = release_production(name, choice, here, aides)
            click.echo(f"{released.model} version {released.version} at {released.url}")
        except DaysToSellError as error:
            click.echo(f"error: {error}", err=True)
            codes.append(code_of(error))
    if not names:
        click.echo("no model has a spec here, so there is nothing to release")
    return min(codes, default=0)


def _in_production(name: str) -> bool:
    """Whether any version of a model is; one that nobody registered has none."""
    try:
        return Registry().production(name) is not None
    except RegistryError as error:
        click.echo(f"{name}: {error}", err=True)
        return False


@release.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@workspace_option
def status(models: tuple[str, ...], as_json: bool, workspace: Path) -> None:
    """Tell how far the last release of each MODEL is, from the event log; of all models where none is named.

    \b
    Examples:
      days-to-sell release status
      days-to-sell release status days-to-sell --json
    """
    log = find_log(workspace)
    found = [each for model in models or log.models() for each in states(log.read(model, kinds=KINDS))]
    holder = log.leases.holder(f"watch {place_of(workspace)}") if workspace.exists() else None
    if as_json:
        shown = {"daemon": holder, "steps": [asdict(each) for each in found]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    click.echo(table([_HEADINGS, *map(_line, found)]) if found else "no release is recorded")
    for told in dict.fromkeys((each.model, each.version, each.override) for each in found if each.override):
        click.echo("{} version {}: red gates were overridden: {}".format(*told))
    click.echo(f"daemon: {holder or 'none at work from ' + str(workspace)}")


_HEADINGS = ("model", "version", "step", "state", "since (UTC)", "seconds", "reason")


def _line(found: StepState) -> tuple[str, ...]:
    since = datetime.fromisoformat(found.since).isoformat(sep=" ", timespec="seconds")[:19]
    taken = "" if found.seconds is None else f"{found.seconds:.1f}"
    reason = found.reason.partition("\n")[0]
    return found.model, found.version, found.step, found.state, since, taken, reason
