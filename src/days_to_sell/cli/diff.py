"""``days-to-sell diff``: two versions of a model beside each other."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from mlflow import MlflowClient

from days_to_sell.cli.contract import find_version, table, tell
from days_to_sell.cli.engines import runtime_of
from days_to_sell.registry.differences.answers import Answers, Pair, compare_answers
from days_to_sell.registry.differences.facts import (
    Fact,
    code_facts,
    data_facts,
    metric_facts,
    parameter_facts,
    size_facts,
)
from days_to_sell.registry.differences.sides import Side, side_of_folder, side_of_version
from days_to_sell.registry.versions import Registry
from days_to_sell.settings import Settings
from days_to_sell.spec.compatibility import Change, breaks, compare_contracts

REGISTERED = "models:/"
DIGITS, DIGEST_SHOWN = set("0123456789abcdef"), 12


@dataclass(frozen=True)
class Differences:
    """All that two versions differ in, and what they share."""

    facts: dict[str, tuple[Fact, ...]]
    contract: tuple[Change, ...]
    answers: Answers


@click.command()
@click.argument("which", nargs=-1, required=True, metavar="MODEL V1 V2 | WHICH WHICH")
@click.option(
    "--rows", default=10, show_default=True, type=click.IntRange(min=0), help="Golden rows to show."
)
@click.option("--all", "everything", is_flag=True, help="Show what is the same too.")
@click.option("--json", "as_json", is_flag=True, help="Write everything as JSON.")
def diff(which: tuple[str, ...], rows: int, everything: bool, as_json: bool) -> None:
    """Show what differs between two versions: data, parameters, metrics, contract, answers, size and code.

    The golden rows of both are answered by both. A version is named by its number behind MODEL, or alone as
    models:/MODEL/VERSION, models:/MODEL/Production, or by the folder of a model package.

    \b
    Examples:
      days-to-sell diff days-to-sell 7 8
      days-to-sell diff models:/days-to-sell/Production build/package
      days-to-sell diff days-to-sell 7 8 --json
    """
    first, second = _named(which)
    with tempfile.TemporaryDirectory() as scratch:
        before, after = (
            _side(name, Path(scratch) / str(place)) for place, name in enumerate((first, second))
        )
        settings = Settings.from_env()
        found = Differences(
            {
                "data": data_facts(before, after),
                "parameters": parameter_facts(before, after),
                "metrics": metric_facts(before, after),
                "size": size_facts(before, after),
                "code": code_facts(before, after),
            },
            compare_contracts(before.package.contract, after.package.contract),
            compare_answers(before, after, most=rows, engine=settings.engine, runtime=runtime_of(settings)),
        )
        for side in (before, after):
            if side.note:
                click.echo(side.note, err=True)
    if as_json:
        click.echo(json.dumps(_document(before, after, found), ensure_ascii=False, indent=1))
    else:
        _show(before, after, found, everything)


def _named(which: Sequence[str]) -> tuple[str, str]:
    match which:
        case (model, first, second):
            return f"{REGISTERED}{model}/{first}", f"{REGISTERED}{model}/{second}"
        case (first, second):
            return first, second
    raise click.UsageError("name two: MODEL and two versions, or two models:/MODEL/VERSION or packages")


def _side(which: str, target: Path) -> Side:
    if not which.startswith(REGISTERED):
        return side_of_folder(Path(which))
    registry = Registry()
    return side_of_version(registry, MlflowClient(), find_version(registry, which), target)


def _document(before: Side, after: Side, found: Differences) -> dict[str, object]:
    facts = {
        section: [asdict(fact) | {"same": fact.same} for fact in facts]
        for section, facts in found.facts.items()
    }
    answers = asdict(found.answers)
    answers["largest"] = [asdict(pair) | {"change": pair.change} for pair in found.answers.largest]
    contract = {"breaking": breaks(found.contract), "changes": [asdict(change) for change in found.contract]}
    return {"before": before.name, "after": after.name, **facts, "contract": contract, "answers": answers}


def _show(before: Side, after: Side, found: Differences, everything: bool) -> None:
    click.echo(f"{before.name} -> {after.name}")
    for section, facts in found.facts.items():
        shown = [fact for fact in facts if everything or not fact.same]
        same = sum(fact.same for fact in facts)
        click.secho(f"\n{section}: {len(facts) - same} of {len(facts)} differ", bold=True)
        if shown:
            rows = [(f"  {each.subject}", _short(each.before), "->", _short(each.after)) for each in shown]
            click.echo(table(rows))
    click.secho("\ncontract", bold=True)
    tell(found.contract)
    _show_answers(found.answers)


def _show_answers(answers: Answers) -> None:
    click.secho("\ngolden answers", bold=True)
    click.echo(f"{answers.equal} of {answers.rows} rows are answered the same")
    if answers.mean_change is not None:
        click.echo(f"mean change over rows that both answer: {answers.mean_change:+.3f} days")
    if answers.one_refuses:
        click.echo(f"{answers.one_refuses} rows are answered by one alone")
    if answers.largest:
        click.echo(table([("  row", "before", "after", "change"), *map(_row, answers.largest)]))


def _row(pair: Pair) -> tuple[str, ...]:
    days = ["refused" if each is None else f"{each:.3f}" for each in (pair.before, pair.after)]
    change = pair.why.partition("\n")[0] if pair.change is None else f"{pair.change:+.3f}"
    return f"  {pair.row_id}", *days, change


def _short(text: str) -> str:
    """Cut a digest to what a person compares; JSON has it whole."""
    plain = text.removeprefix("sha256:")
    return plain[:DIGEST_SHOWN] if len(plain) >= 40 and set(plain) <= DIGITS else text
