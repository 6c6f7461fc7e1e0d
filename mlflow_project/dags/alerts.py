"""Alerts of DAGs, posted where releases post theirs and in the same shape."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from mlflow_project.dags.runs import snapshot_of

ADDRESS = "DAYS_TO_SELL_ALERT_URL"
ANSWER_SECONDS = 10
FAILED, REFUSED, LATE = "failed", "refused", "late"
LOG = logging.getLogger(__name__)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it may lead to somebody else."""

    def redirect_request(self, *told: Any) -> None:
        return None


def tell(what: str, model: str, reason: str, more: Mapping[str, Any]) -> None:
    """Write a line, and post it where the environment names an address; never fail.

    Args:
        what: ``failed``, ``refused`` or ``late``.
        model: Name of the registered model.
        reason: Why.
        more: What else there is to know, of JSON's types.
    """
    LOG.error("ALERT: %s %s: %s", model, what, reason)
    address = os.environ.get(ADDRESS, "")
    if not address:
        return
    at = datetime.now(UTC).isoformat(timespec="seconds")
    told = {**more, "alert": what, "model": model, "version": "", "reason": reason, "at": at}
    host = urlsplit(address).hostname
    try:
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError("no address to post to; write it as https://host/path")
        posted = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            address, json.dumps(told).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.build_opener(_StayHere).open(posted, timeout=ANSWER_SECONDS):
            pass
    except (OSError, ValueError) as error:
        # The address may hold a secret, and so may the message.
        said = f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
        LOG.error("the alert could not be sent to %s: %s", host, said)


def tell_failure(context: Mapping[str, Any]) -> None:
    """Tell that a task failed for good; a callback of Airflow's."""
    task = context["ti"]
    reason = str(context.get("exception") or "the task ended without a word; its process was killed")
    # A DAG has the name of its model.
    tell(FAILED, task.dag_id, reason, where(context) | {"try": task.try_number})


def where(context: Mapping[str, Any]) -> dict[str, Any]:
    """Name the task for whoever reads the alert."""
    task = context["ti"]
    names = {"dag": task.dag_id, "run": task.run_id, "task": task.task_id, "snapshot": snapshot_of(context)}
    return names | ({"log": task.log_url} if getattr(task, "log_url", None) else {})


async def tell_late(model: str, seconds: int, context: Mapping[str, Any]) -> None:
    """Tell that a run has not ended in time; a callback of Airflow's, in the triggerer."""
    run = context.get("dag_run", {})
    more = {
        "dag": run.get("dag_id"),
        "run": run.get("dag_run_id"),
        "snapshot": str(run.get("logical_date"))[:10],
    }
    reason = f"the run has not ended {seconds} s after it was queued"
    await asyncio.to_thread(tell, LATE, model, reason, more)
