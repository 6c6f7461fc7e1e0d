"""``days-to-sell verify``: whether a package or an image is what it says, from its bytes alone."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from days_to_sell.cli.contract import table
from days_to_sell.cli.places import DIGEST, ON_S3, REGISTERED, opened
from days_to_sell.release.verification.packages import Check, check_package
from days_to_sell.settings import Settings


@click.command()
@click.argument("which", metavar="IMAGE|PACKAGE|s3://...|models:/...")
@click.option("--json", "as_json", is_flag=True, help="Write the checks as JSON.")
def verify(which: str, as_json: bool) -> None:
    """Recompute the digests of a model package or an image, and follow the chain that leads to it.

    Commit, data digest, run and package digest must be there and fit one another; an image's labels and
    variables must say what it holds. Where DAYS_TO_SELL_TRUSTED_KEYS is set, one of these keys must have
    signed. A package is a folder, or on S3, where its digest leads to it; an image is a file as docker save
    writes it, or the name of an image of the Docker engine. Ends with code 1 where something is wrong.

    \b
    Examples:
      days-to-sell verify build/package
      days-to-sell verify s3://bucket/packages/0b2c...
      days-to-sell verify image.tar
      days-to-sell verify days-to-sell:3-0123456789ab
      days-to-sell verify models:/days-to-sell/Production
    """
    checks = look(which, Settings.from_env().trusted_keys)
    wrong = [check for check in checks if not check.holds]
    if as_json:
        document = {"which": which, "holds": not wrong, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        click.echo(table([(_verdict(check), check.subject, check.found) for check in checks]))
        count = f"{len(wrong)} of {len(checks)} checks failed" if wrong else f"all {len(checks)} checks hold"
        click.secho(count, bold=True, fg="red" if wrong else None)
    if wrong:
        raise click.exceptions.Exit(1)


def look(which: str, trusted: Path | None) -> tuple[Check, ...]:
    """Find out what is named, and check it.

    Raises:
        DaysToSellError: There is nothing of that name, or it cannot be read.
    """
    path = Path(which)
    if which.startswith(REGISTERED):
        return _registered(which, trusted)
    if which.startswith((ON_S3, DIGEST)):
        with opened(which) as package:
            return check_package(package.root, trusted)
    if path.is_dir():
        return check_package(path, trusted)
    # A package needs neither the engine's client nor MLflow, which take long to import.
    from days_to_sell.release.verification.images import check_archive, check_image

    if path.is_file():
        return check_archive(path, trusted)
    from days_to_sell.release.engine import connect

    return check_image(connect(), which, trusted)


def _registered(which: str, trusted: Path | None) -> tuple[Check, ...]:
    from days_to_sell.cli.contract import find_version
    from days_to_sell.registry.versions import Registry

    registry = Registry()
    version = find_version(registry, which)
    with tempfile.TemporaryDirectory() as scratch:
        package = registry.fetch_package(version, Path(scratch) / "package")
        run = package.provenance.get("run_id", "")
        told = f"the registry says {version.run_id or 'none'}, the package {run or 'none'}"
        same = Check("run of the version", version.run_id == run, run if version.run_id == run else told)
        return (*check_package(package.root, trusted), same)


def _verdict(check: Check) -> str:
    return "ok" if check.holds else "WRONG"
