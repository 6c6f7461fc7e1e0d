"""Names that two programs agree on: of the place that is deployed to, and of the log that grants leases."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from days_to_sell.registry.events.log import EventLog, translated
from days_to_sell.release.names import slug
from days_to_sell.release.written import write_whole

FILE = "place"
IDENTITY = "identity of this log"
FOREVER = 1e12
SHOWN = 80


def place_of(workspace: Path) -> str:
    """Name the place that is deployed to from a workspace: the same for each program that works on it.

    A path would not do: two machines may use the same one, and one machine may mount a folder twice.
    """
    path = workspace / FILE
    if not path.exists():
        workspace.mkdir(parents=True, exist_ok=True)
        draft = workspace / f".{FILE}-{secrets.token_hex(8)}"
        write_whole(draft, secrets.token_hex(8))
        try:
            # Unlike a rename, a link never replaces what another program wrote in between.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def lease_name(what: str, model: str, place: str) -> str:
    """Name the right to act for a model at a place, within the length that the log has for names.

    >>> lease_name("release", "Days to Sell", "0123")
    'release days-to-sell-4afff1a2 at 0123'
    """
    return f"{what} {told_apart(model)} at {place}"


def told_apart(model: str) -> str:
    """Name a model in the letters of file names, so that no two models have the same name."""
    return f"{slug(model)[:SHOWN]}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"


def identity_of(log: EventLog) -> str:
    """Give the log a name of its own, once and for all: numbers of two logs' leases do not compare."""
    with translated(log.engine.url.render_as_string(hide_password=True)):
        # A lease that nobody ends is written once, whoever comes first.
        log.leases.acquire(IDENTITY, secrets.token_hex(8), FOREVER)
        return log.leases.holder(IDENTITY) or ""
