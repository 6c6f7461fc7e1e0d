"""Waiting for a snapshot of a source: a deferrable sensor, which takes no worker while it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from airflow.exceptions import AirflowException
from airflow.sdk import BaseSensorOperator, Context
from airflow.triggers.base import BaseTrigger, TriggerEvent

from days_to_sell.errors import DataError
from mlflow_project.dags.looking import Seen, look
from mlflow_project.dags.runs import snapshot_of

# A lake that answers none of so many looks in a row is not waiting for data.
MOST_REFUSALS = 5


class SnapshotTrigger(BaseTrigger):
    """Looks until the snapshot of a source is whole.

    Args:
        lake: Root of the lake.
        source: Name of the source.
        day: Day of the snapshot, ISO.
        poke_seconds: How long to wait between two looks.
    """

    def __init__(self, lake: str, source: str, day: str, poke_seconds: float) -> None:
        super().__init__()
        self.lake, self.source, self.day, self.poke_seconds = lake, source, day, poke_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how it is made again, in the process of the triggerer."""
        names = ("lake", "source", "day", "poke_seconds")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, and wait, until the snapshot is there or the lake refuses for good."""
        before: Seen | None = None
        refusals = 0
        while True:
            try:
                # boto3 and the disk block; other triggers go on meanwhile.
                seen = await asyncio.to_thread(look, self.lake, self.source, self.day)
            except DataError as error:
                refusals += 1
                self.log.warning("%s", error)
                if refusals >= MOST_REFUSALS:
                    yield TriggerEvent({"error": str(error)})
                    return
            else:
                refusals = 0
                if seen.settled(before):
                    yield TriggerEvent({"files": seen.data})
                    return
                before = seen
            await asyncio.sleep(self.poke_seconds)


class SnapshotSensor(BaseSensorOperator):
    """Waits until a source has the snapshot of the run's day.

    Args:
        lake: Root of the lake.
        source: Name of the source.
    """

    def __init__(self, *, lake: str, source: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lake, self.source = lake, source

    def execute(self, context: Context) -> None:
        """Go on where the snapshot is there and marked as whole, else hand over to the triggerer.

        Raises:
            DataError: The lake did not answer or refused.
        """
        day = snapshot_of(context)
        if look(self.lake, self.source, day).marked:
            return
        self.log.info("waiting for %s of %s in %s", day, self.source, self.lake)
        trigger = SnapshotTrigger(self.lake, self.source, day, self.poke_interval)
        self.defer(trigger=trigger, method_name="arrived", timeout=timedelta(seconds=self.timeout))

    def arrived(self, context: Context, event: dict[str, Any]) -> None:
        """Go on, or say why the lake cannot be looked at."""
        if "error" in event:
            raise AirflowException(event["error"])
        self.log.info("%s is there with %d data files", self.source, event["files"])
