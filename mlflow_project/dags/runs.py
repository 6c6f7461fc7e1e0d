"""What a run of a DAG is about: its logical date is the day of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def snapshot_of(context: Mapping[str, Any]) -> str:
    """Give the day of a run's snapshot, ISO: that of its logical date, or of its start where it has none."""
    run = context["dag_run"]
    return str((run.logical_date or run.run_after).date().isoformat())
