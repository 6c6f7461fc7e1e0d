"""What follows an alarm: a message to whoever listens, and a retraining."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from days_to_sell.errors import MonitorError

ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Alarm:
    """Drift that lasts.

    Args:
        model: Name of the registered model.
        version: Version that serves.
        columns: Columns that drifted often enough, ``days`` for the prediction.
        window: Number of the window that raised it.
        run_id: MLflow run with the windows.
    """

    model: str
    version: str
    columns: tuple[str, ...]
    window: int
    run_id: str


def check_webhook(url: str) -> str:
    """Refuse what is no address to post to.

    Raises:
        MonitorError: The scheme is not http or https, or there is no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MonitorError(f"{url!r} is no address to post to; write it as https://host/path")
    return url


def post(url: str, alarm: Alarm) -> None:
    """Send an alarm as JSON; nothing of the answer is used.

    Raises:
        MonitorError: It was not taken.
    """
    try:
        reply = requests.post(
            url, json=asdict(alarm), timeout=ANSWER_SECONDS, allow_redirects=False, stream=True
        )
        reply.close()
    except requests.RequestException as error:
        raise MonitorError(f"the alarm could not be sent to {urlsplit(url).hostname}: {error}") from error
    if not reply.ok or reply.is_redirect:
        raise MonitorError(f"{urlsplit(url).hostname} refused the alarm with HTTP {reply.status_code}")


def project_retraining(project: Path, folder: str, lake: str) -> tuple[str, ...]:
    """Give the command that retrains a model through the project's own entry point.

    Data unlike that of Production is accepted: it is the very reason to train again.
    """
    command = ("mlflow", "run", str(project), "--env-manager", "local")
    return (*command, "-P", f"model={folder}", "-P", f"lake={lake}", "-P", "accept_drift=yes")


def retrain(command: Sequence[str], folder: Path) -> None:
    """Run a command that retrains, in a folder, to its end; no shell reads it.

    Raises:
        MonitorError: It cannot be started, or failed.
    """
    line = shlex.join(command)
    try:
        ended = subprocess.run(command, cwd=folder, check=False)
    except OSError as error:
        raise MonitorError(f"{line} cannot be started: {error}") from error
    if ended.returncode:
        raise MonitorError(
            f"{line} ended with exit code {ended.returncode}; its output says why. The alarm counts as "
            "raised: run the command by hand once the cause is mended"
        )
