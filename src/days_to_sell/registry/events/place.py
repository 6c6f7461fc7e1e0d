"""Where the event log is: as the environment says, beside the registry's tables, or in a file here."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from pathlib import Path

from days_to_sell.registry.events.event import Actor
from days_to_sell.registry.events.log import GATED, EventLog

DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")
FILE = "events.db"


def open_log(
    setting: str | None, registry: str, workspace: Path, report: Callable[[str], None] = print
) -> EventLog:
    """Open the log that belongs to a registry.

    Args:
        setting: What ``DAYS_TO_SELL_EVENT_LOG`` names; it decides where given.
        registry: MLflow's address of the registry. Where that is a database, the log is in it: there a gated
            store writes an event in the transaction of the promotion itself.
        workspace: Folder for a log of this machine alone, where there is no other.
        report: Takes a line that says so, for nobody else then sees what is written there.

    Raises:
        EventLogError: The log cannot be opened.
    """
    if setting:
        return EventLog.open(setting)
    if registry.removeprefix(GATED).startswith(DATABASES):
        return EventLog.open(registry)
    workspace.mkdir(parents=True, exist_ok=True)
    path = workspace.resolve() / FILE
    report(f"events go to {path}, of this machine alone; DAYS_TO_SELL_EVENT_LOG names a log for all")
    return EventLog.open(f"sqlite:///{path}")


def whoever_runs_this() -> Actor:
    """Name the user of this process and their machine, which nobody checked."""
    return Actor(f"{getpass.getuser()}@{socket.gethostname()}")
