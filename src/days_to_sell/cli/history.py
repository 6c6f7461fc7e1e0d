"""``days-to-sell history``: what happened to a model, what was in Production then, and whether that holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from days_to_sell.cli.contract import table
from days_to_sell.cli.events import WORKSPACE, find_log
from days_to_sell.cli.model_first import ModelFirst
from days_to_sell.errors import EventLogError, RegistryError
from days_to_sell.registry.events import chain
from days_to_sell.registry.events.event import Event
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.history.entries import TOLD, Entry, entries
from days_to_sell.registry.history.instant import Instant, read_instant
from days_to_sell.registry.history.kept import held_against, read_head
from days_to_sell.registry.history.then import Found, how_things_stood
from days_to_sell.registry.versions import ModelVersion, Registry

DIGEST_SHOWN = 12
SECONDS = len("2026-03-01T09:30:00")


workspace_option = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder of the release, where the log is that belongs to no database.",
)


@click.group(cls=ModelFirst, usual="show")
def history() -> None:
    """Tell what happened to a model, from the event log, and whether anybody tampered with it.

    `history MODEL` is short for `history show MODEL`; only a model called show or verify needs the long form.

    \b
    Examples:
      days-to-sell history days-to-sell
      days-to-sell history days-to-sell --at 2026-03-01T09:30+01:00
      days-to-sell history verify
    """


@history.command()
@click.argument("model")
@click.option("--at", "moment", help="Say what was in Production at this time, and what answered.")
@click.option("--limit", type=click.IntRange(min=1), help="The newest so many events.")
@click.option("--all", "everything", is_flag=True, help="Gates and steps of releases too.")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@workspace_option
def show(
    model: str, moment: str | None, limit: int | None, everything: bool, as_json: bool, workspace: Path
) -> None:
    """Tell what happened to registered MODEL, newest first.

    A time without a zone is taken as UTC. For a model without events, the registry's tags of today are shown.

    \b
    Examples:
      days-to-sell history show days-to-sell --limit 10
      days-to-sell history show days-to-sell --at 2026-03-01
      days-to-sell history show days-to-sell --json
    """
    asked = read_instant(moment) if moment else None
    log = find_log(workspace)
    events = log.read(model)
    if not events:
        _tell_of_registry(model, asked, as_json)
        return
    if faults := log.verify(model):
        click.secho(f"warning: {faults[0]}; days-to-sell history verify {model}", fg="red", err=True)
    if asked is not None:
        _tell_of_instant(model, asked, events, as_json)
        return
    chosen = [event for event in events if everything or event.kind in TOLD]
    newest = entries(reversed(chosen[-limit:] if limit else chosen))
    if as_json:
        _echo_json({"model": model, "source": "event log", "events": [asdict(entry) for entry in newest]})
    else:
        click.echo(table([_HEADINGS, *map(_line, newest)]) if newest else "gates and steps alone: see --all")


@history.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--head", help="NUMBER:HASH of an event, as it was printed and kept elsewhere.")
@workspace_option
def verify(models: tuple[str, ...], head: str | None, workspace: Path) -> None:
    """Find events that were edited, inserted, moved or taken away; of all models where none is named.

    Whoever can write to the database can write a whole chain anew. So keep the head that is printed where
    they cannot write, and give it back with --head. Ends with code 1 where a chain does not hold.

    \b
    Examples:
      days-to-sell history verify
      days-to-sell history verify days-to-sell
    """
    if head and len(models) != 1:
        raise click.UsageError("--head belongs to one model; name it")
    kept = read_head(head) if head else None
    log = find_log(workspace)
    broken = False
    for model in models or _models(log):
        faults, events = log.verify(model), log.read(model)
        faults += held_against(kept, events) if kept else ()
        if not events and not faults:
            faults = [chain.Fault(0, "missing: the log knows no such model; `history verify` lists them")]
        for fault in faults:
            click.secho(f"{model}: {fault}", fg="red")
        broken |= bool(faults)
        if not faults:
            end = log.head(model)
            click.echo(f"{model}: {len(events)} events hold; keep this head: {end.number}:{end.hash}")
    if broken:
        raise click.exceptions.Exit(1)


_HEADINGS = ("event", "time (UTC)", "what", "version", "who", "digest", "reason")


def _line(entry: Entry) -> tuple[str, ...]:
    who = entry.who if entry.verified else f"{entry.who} (claimed)"
    moved = f"{entry.before} -> {entry.after or 'none'}" if entry.before else entry.after or entry.version
    digest = entry.digests.get("package", "").removeprefix("sha256:")[:DIGEST_SHOWN]
    reason = entry.reason.partition("\n")[0]
    return str(entry.number), entry.at[:SECONDS], entry.what.replace("_", " "), moved, who, digest, reason


def _tell_of_instant(model: str, asked: Instant, events: Sequence[Event], as_json: bool) -> None:
    then = how_things_stood([event for event in events if event.at <= asked.at])
    begins = events[0].at
    if as_json:
        answers = {name: asdict(found) for name, found in vars(then).items()}
        _echo_json({"model": model, "at": asked.at, "zone": asked.zone, "log_begins": begins, **answers})
        return
    click.echo(f"{model} at {asked.at} ({asked.zone})")
    rows = [("in Production", *_answer(then.production)), ("answering", *_answer(then.answering))]
    click.echo(table(rows))
    if begins > asked.at:
        click.echo(f"the log begins at {begins}, after that")


def _answer(found: Found) -> tuple[str, ...]:
    if not found.evidence:
        return "unknown", found.note
    since = f"since {found.since}" if found.since else ""
    numbers = ", ".join(map(str, found.evidence))
    evidence = f"event{'s' if len(found.evidence) > 1 else ''} {numbers}"
    said = [each for each in (since, evidence, found.digest, found.note) if each]
    return f"version {found.version}" if found.version else "none", "; ".join(said)


def _tell_of_registry(model: str, asked: Instant | None, as_json: bool) -> None:
    """Show what the registry's tags say of a model that the log knows nothing of."""
    versions = Registry().versions(model)
    if not versions:
        raise RegistryError(f"{model!r} has no registered version; train one: days-to-sell train")
    if asked is not None:
        raise EventLogError(
            f"the event log has no event of {model}, so nobody can say how it stood at {asked.at}; the "
            f"registry keeps no past: days-to-sell history {model} shows what its tags say today"
        )
    if as_json:
        _echo_json({"model": model, "source": "registry tags", "versions": list(map(_today, versions))})
        return
    click.echo(
        f"the event log has no event of {model}; tags of the registry, which anybody may edit, say:", err=True
    )
    for row in map(_today, versions):
        click.echo(f"{row['version']:>4}  {row['status']:<12}  {row['estimator']:<28}  {row['detail']}")


def _today(version: ModelVersion) -> dict[str, str]:
    tags = version.tags
    return {
        "version": version.version,
        "status": tags.get("release.status", "not released"),
        "estimator": tags.get("package.estimator", ""),
        "detail": tags.get("release.released_at") or tags.get("release.reason", "").partition("\n")[0],
    }


def _models(log: EventLog) -> list[str]:
    """Name every model of the log, those too whose recorded end was taken away."""
    return sorted({*log.models(), *(event.model for event in log.read())})


def _echo_json(document: dict[str, object]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
