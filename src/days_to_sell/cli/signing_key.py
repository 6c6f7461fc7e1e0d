"""``days-to-sell signing-key``: a new key that signs model packages."""

from __future__ import annotations

from pathlib import Path

import click

from days_to_sell.scoring.signing_keys import make_key
from days_to_sell.settings import PREFIX


@click.command("signing-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def signing_key(file: Path) -> None:
    """Make an Ed25519 key: the private half goes to FILE, the public one beside it.

    Nothing is written over. The id that is printed is the SHA-256 of the public key.

    \b
    Example:
      days-to-sell signing-key keys/release.pem
    """
    public, name = make_key(file)
    click.echo(name)
    click.echo(f"{PREFIX}SIGNING_KEY={file} signs what is published from here on", err=True)
    click.echo(f"{PREFIX}TRUSTED_KEYS={public} refuses what it did not sign, wherever that is set", err=True)
