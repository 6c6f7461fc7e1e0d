"""``days-to-sell contract``: what a model takes, and whether another version breaks whoever asks it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from days_to_sell.errors import ContractError, RegistryError
from days_to_sell.scoring.package import MANIFEST, open_package
from days_to_sell.spec import RequestContract
from days_to_sell.spec.compatibility import EFFECTS, Change, breaks, compare_contracts

if TYPE_CHECKING:
    from days_to_sell.registry.versions import ModelVersion, Registry

VERSION = re.compile(r"models:/([^/@]+)/([0-9]+|Production)")
# JSON has it all.
SHOWN = 70
COLOURS = {"breaking": "red", "notice": "yellow", "compatible": "green"}


@click.group()
def contract() -> None:
    """Show request contracts, and say whether another one breaks those who code against the first.

    A contract is named by a model package (a directory), a contract.json, or a registered version
    as MLflow writes it: models:/MODEL/VERSION, or models:/MODEL/Production.

    \b
    Examples:
      days-to-sell contract show build/package
      days-to-sell contract diff models:/days-to-sell/Production build/package
      days-to-sell contract diff models:/days-to-sell/3 models:/days-to-sell/4 --json
    """


@contract.command()
@click.argument("which", metavar="CONTRACT")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def show(which: str, as_json: bool) -> None:
    """Show what a model takes, and what its answer means.

    \b
    Examples:
      days-to-sell contract show build/package
      days-to-sell contract show models:/days-to-sell/Production --json
    """
    found = read_contract(which)
    if as_json:
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))
        return
    spread = ", ".join(f"{each.share:.0%} within {each.times:g} times" for each in found.quantiles)
    click.echo(f"{found.model}: {found.title}\n{found.description}; horizon {found.horizon} days")
    if spread:
        click.echo(f"sold: {spread} the answer")
    rows = [("field", "takes", "training saw", "example")]
    for field in found.fields:
        seen = f"{len(field.categories)} categories" if field.categories else ""
        example = "" if field.example is None else str(field.example)
        rows.append((field.column.name, field.allowed, seen, example))
    click.echo(f"\n{table(rows)}")


@contract.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Write the changes as JSON.")
@click.option(
    "--unknown-fields", is_flag=True, help="The service passes fields over that the contract does not name."
)
@click.option(
    "--records-only", is_flag=True, help="Nobody sends rows as lists of values, so the order may change."
)
def diff(before: str, after: str, as_json: bool, unknown_fields: bool, records_only: bool) -> None:
    """Say what changes for consumers of contract BEFORE when AFTER takes its place.

    A change is breaking where requests that were answered are refused, or answered in another sense; a
    notice where somebody ought to look; else compatible. Ends with code 0 where nothing breaks, and with
    code 1 where something does, or a contract cannot be read.

    \b
    Examples:
      days-to-sell contract diff models:/days-to-sell/Production build/package
      days-to-sell contract diff old/contract.json new/contract.json --records-only
    """
    changes = compare_contracts(
        read_contract(before), read_contract(after), unknown_fields=unknown_fields, lists=not records_only
    )
    if as_json:
        document = {"breaking": breaks(changes), "changes": [asdict(change) for change in changes]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        tell(changes)
    if breaks(changes):
        raise click.exceptions.Exit(1)


def read_contract(which: str) -> RequestContract:
    """Read a contract.

    Args:
        which: A model package, a ``contract.json``, or ``models:/MODEL/VERSION``.

    Raises:
        ContractError: There is no contract of that name, or it is damaged.
        PackageError: The model package is damaged.
        RegistryError: The registry has no such version, or did not answer.
    """
    if which.startswith("models:"):
        return _registered(which)
    path = Path(which)
    if (path / MANIFEST).is_file():
        return open_package(path).contract
    if not path.is_file():
        raise ContractError(
            f"{which} is no model package and no contract.json; name one, or models:/MODEL/VERSION"
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ContractError(f"{which} cannot be read: {error}; name a contract.json") from error
    return RequestContract.from_dict(raw)


def find_version(registry: Registry, which: str) -> ModelVersion:
    """Look up a registered version that is named as MLflow writes it.

    Args:
        registry: The registry.
        which: ``models:/MODEL/VERSION``, or ``models:/MODEL/Production``.

    Raises:
        RegistryError: It names no version, the registry has none of that name, or it did not answer.
    """
    named = VERSION.fullmatch(which)
    if named is None:
        raise RegistryError(
            f"{which} names no version; write models:/MODEL/VERSION or models:/MODEL/Production"
        )
    model, number = named.groups()
    version = registry.production(model) if number == "Production" else registry.version(model, number)
    if version is None:
        raise RegistryError(f"no version of {model} is in Production; name one as models:/{model}/VERSION")
    return version


def _registered(which: str) -> RequestContract:
    # MLflow takes seconds to import, and no file needs it.
    from days_to_sell.registry.versions import Registry

    registry = Registry()
    version = find_version(registry, which)
    with tempfile.TemporaryDirectory() as scratch:
        return registry.fetch_package(version, Path(scratch) / "package").contract


def tell(changes: tuple[Change, ...]) -> None:
    """Print what differs between two contracts, the worst first, and who breaks."""
    for effect in EFFECTS:
        chosen = [change for change in changes if change.effect == effect]
        if not chosen:
            continue
        click.secho(f"{effect} ({len(chosen)})", bold=True, fg=COLOURS[effect])
        rows = [
            (f"  {each.field or '(all)'}", each.what, f"{_short(each.before)} -> {_short(each.after)}")
            for each in chosen
        ]
        for line, change in zip(table(rows).splitlines(), chosen, strict=True):
            click.echo(line)
            click.echo(f"      {change.why}{f'; {change.remedy}' if change.remedy else ''}")
    if not changes:
        click.echo("the contracts are the same")
    elif breaks(changes):
        click.secho("consumers break", bold=True)
    else:
        click.secho("nobody breaks", bold=True)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 3]}..."


def table(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of cells under one another, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
