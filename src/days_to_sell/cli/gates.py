"""``days-to-sell gates``: what keeps a version from Production."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from days_to_sell.cli.events import find_log
from days_to_sell.errors import GateError
from days_to_sell.registry.events.overrides import told
from days_to_sell.registry.events.place import whoever_runs_this
from days_to_sell.registry.gates.door import Entrant, open_override, refusals, spec_of
from days_to_sell.registry.gates.evaluate import evaluate
from days_to_sell.registry.versions import ModelVersion, Registry


@click.command()
@click.argument("model")
@click.argument("version")
@click.option(
    "--evaluate/--show", "evaluating", default=False, help="Evaluate now, or only show what is known."
)
@click.option("--json", "as_json", is_flag=True, help="Write the answer as JSON.")
def gates(model: str, version: str, evaluating: bool, as_json: bool) -> None:
    """Show what keeps VERSION of registered MODEL from Production, after evaluating its gates if asked to.

    Ends with code 0 where nothing does, 1 where a gate is red or not evaluated, 2 where the call is wrong.

    \b
    Examples:
      days-to-sell gates days-to-sell 3
      days-to-sell gates days-to-sell 3 --evaluate
    """
    spec = spec_of(model)
    if spec is None:
        raise GateError(f"no installed spec is named {model!r}: it has no gates and passes untouched")
    registry, log = Registry(), find_log()
    found = registry.version(model, version)
    if evaluating:
        actor = whoever_runs_this()
        progress = lambda text: click.echo(text, err=as_json)  # noqa: E731 - a line of it
        evaluate(spec, found, registry=registry, log=log, actor=actor, report=progress)
    in_production = registry.production(model)
    candidate = _entrant(registry, found)
    incumbent = _entrant(registry, in_production) if in_production else None
    with log.engine.connect() as connection:
        reasons = refusals(connection, log.workspace, spec, candidate, incumbent)
        override = open_override(connection, log.workspace, model, candidate)
    if as_json:
        shown = {
            "model": model,
            "version": version,
            "digest": candidate.digest,
            "refusals": list(reasons),
            "override": override and {"event": override.number, "reason": override.body.get("reason")},
        }
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        if override:
            click.echo(f"overridden until it leaves Production: {told(override)}")
        click.echo("\n".join(reasons) or f"{model} version {version} may go to Production")
    if reasons:
        raise click.exceptions.Exit(1)


def _entrant(registry: Registry, version: ModelVersion) -> Entrant:
    """Compute the digest of a version's bytes; a tag would only claim it."""
    with tempfile.TemporaryDirectory() as scratch:
        return Entrant(version.version, registry.fetch_package(version, Path(scratch) / "package").digest)
