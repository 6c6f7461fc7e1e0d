"""``days-to-sell package``: model packages on S3, put there and fetched by digest."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from days_to_sell.cli.contract import table
from days_to_sell.cli.places import fetch as fetch_named
from days_to_sell.cli.places import opened, place_for_packages, tell
from days_to_sell.settings import PREFIX, Settings

packages_option = click.option(
    "--packages", "place", help=f"Place on S3, s3://bucket/prefix; {PREFIX}PACKAGES when not given."
)


@click.group()
def package() -> None:
    """Keep model packages on S3, each under its digest.

    Where DAYS_TO_SELL_PACKAGES is set, a release puts the package of each version there. Verify one there
    with days-to-sell verify, and build its image with days-to-sell build.

    \b
    Examples:
      days-to-sell package put models:/days-to-sell/3 --packages s3://bucket/packages
      days-to-sell package list
      days-to-sell package fetch sha256:0b2c... build/package
    """


@package.command()
@click.argument("which", metavar="FOLDER|models:/...")
@packages_option
def put(which: str, place: str | None) -> None:
    """Put a model package on S3, and print its address.

    Putting it again changes nothing, and mends one that was damaged there. The address is all that standard
    output gets.

    \b
    Examples:
      days-to-sell package put build/package
      days-to-sell package put models:/days-to-sell/Production --packages s3://bucket/packages
    """
    from days_to_sell.registry.package_store import put_package

    settings = Settings.from_env()
    target = place_for_packages(place, settings)
    with opened(which) as found:
        tell(f"putting {found.digest} of {found.model} to {target}")
        click.echo(put_package(found, target, settings=settings, report=tell))


@package.command()
@click.argument("which", metavar="s3://...|sha256:...")
@click.argument("folder", type=click.Path(path_type=Path))
@packages_option
def fetch(which: str, folder: Path, place: str | None) -> None:
    """Fetch a model package into FOLDER, which must not exist, and verify it.

    It is there whole or not at all. A connection that is cut is taken up where it was; where
    DAYS_TO_SELL_TRUSTED_KEYS is set, one of these keys must have signed.

    \b
    Examples:
      days-to-sell package fetch sha256:0b2c... build/package
      days-to-sell package fetch s3://bucket/packages/0b2c... build/package
    """
    found = fetch_named(which, folder, place)
    click.echo(f"{folder} is the package {found.digest} of {found.model}")


@package.command("list")
@packages_option
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
def list_packages(place: str | None, as_json: bool) -> None:
    """List the model packages on S3, the newest first.

    What an interrupted put left behind is listed as not whole.

    \b
    Examples:
      days-to-sell package list
      days-to-sell package list --packages s3://bucket/packages --json
    """
    from days_to_sell.registry.package_store import stored_packages

    settings = Settings.from_env()
    target = place_for_packages(place, settings)
    found = stored_packages(target, settings=settings)
    if as_json:
        said = [{**asdict(each), "put_at": each.put_at.isoformat(), "whole": each.whole} for each in found]
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
    elif not found:
        click.echo(f"no package is at {target}")
    else:
        rows = [
            (
                each.digest,
                each.model or "not whole: put it again",
                f"{each.size / 1e6:.1f} MB",
                f"{each.put_at:%Y-%m-%d %H:%M}",
                "signed" if each.signed else "",
            )
            for each in found
        ]
        click.echo(table(rows))
