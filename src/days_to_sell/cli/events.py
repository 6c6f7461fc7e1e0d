"""The event log that belongs to the registry of this environment."""

from __future__ import annotations

from pathlib import Path

import click
import mlflow

from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.place import open_log
from days_to_sell.settings import Settings

WORKSPACE = Path("build/release")


def find_log(workspace: Path = WORKSPACE) -> EventLog:
    """Open the log that the settings name, or the one beside the registry, or one of this machine.

    Args:
        workspace: Folder of the release, where a log of this machine alone lies.

    Raises:
        EventLogError: It cannot be opened.
    """

    def report(line: str) -> None:
        # What a command answers goes elsewhere, perhaps into a program.
        click.echo(line, err=True)

    return open_log(Settings.from_env().event_log, mlflow.get_registry_uri(), workspace, report)
