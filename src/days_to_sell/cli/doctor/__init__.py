"""``days-to-sell doctor``: what this machine has and can reach, and what to do about the rest."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from days_to_sell.cli.doctor.finding import NOT_READY, Status
from days_to_sell.cli.events import WORKSPACE
from days_to_sell.settings import Settings

_COLOURS: dict[Status, str | None] = {"ok": None, "note": "yellow", "missing": "red", "broken": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--write", is_flag=True, help="Write a small artifact and begin a push, and take both back.")
@click.option(
    "--location", "locations", multiple=True, help="A location on S3 to list, such as s3a://lake/cars."
)
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=WORKSPACE,
    show_default=True,
    help="Folder of the release, whose disk is looked at.",
)
@click.pass_context
def doctor(
    context: click.Context, as_json: bool, write: bool, locations: tuple[str, ...], workspace: Path
) -> None:
    """Check what has to fit together and every connection, and say what to do about each failure.

    Only what is configured is asked, all at once and each for some seconds. Nothing is fetched or started.
    Ends with code 1 when something is missing that training or serving need, or when something that was named
    is broken, and with 0 otherwise; a note keeps nobody from working.

    \b
    Examples:
      days-to-sell doctor
      days-to-sell doctor --write --location s3a://lake/cars
      days-to-sell doctor --json
    """
    from days_to_sell.cli.doctor.examination import Wishes, examine

    found = examine(Settings.from_env(), Wishes(write, locations, workspace))
    failing = [each.subject for each in found if each.status in NOT_READY]
    if as_json:
        click.echo(json.dumps({"ready": not failing, "parts": [asdict(each) for each in found]}, indent=2))
    else:
        for each in found:
            told = each.told if each.status == "ok" else f"{each.status}: {each.told}"
            click.secho(f"{each.subject:<13}{told}", fg=_COLOURS[each.status])
        click.echo(f"not ready: {', '.join(failing)}" if failing else "ready to train and to serve")
    context.exit(1 if failing else 0)
