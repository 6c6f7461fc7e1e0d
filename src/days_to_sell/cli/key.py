"""``days-to-sell key``: a new key for a caller of the scoring service."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from days_to_sell.scoring.keys import add_key, key_line
from days_to_sell.settings import PREFIX

BYTES = 32


@click.command()
@click.argument("label")
@click.option("--file", "path", type=click.Path(path_type=Path, dir_okay=False), help="File to add it to.")
@click.option("--rotate", is_flag=True, help="Add a second key where LABEL has one; both count from then on.")
def key(label: str, path: Path | None, rotate: bool) -> None:
    """Make a key for LABEL, and print it this once.

    The service knows the digest alone. It reads the file that DAYS_TO_SELL_API_KEYS_FILE names, again
    whenever it changes. LABEL names the caller in the log and the metrics.

    \b
    Examples:
      days-to-sell key pricing-team --file keys
      days-to-sell key pricing-team --file keys --rotate
      days-to-sell key pricing-team
    """
    if rotate and path is None:
        raise click.UsageError("--rotate says what to do with a file; give --file too")
    made = secrets.token_urlsafe(BYTES)
    line = key_line(label, made)
    if path is not None:
        add_key(path, label, made, rotate=rotate)
    click.echo(made)
    # Apart from the key, so that it alone goes into a pipe.
    done = f"added to {path}" if path else f"for the file that {PREFIX}API_KEYS_FILE names"
    click.echo(f"{done}:\n{line}", err=True)
    click.echo("Send it as Authorization: Bearer KEY. It is stored nowhere and not shown again.", err=True)
