"""What follows an alarm: addresses and commands that cannot work are told, not guessed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.alarms import Alarm, check_webhook, post, project_retraining, retrain
from stack.ports import free_port

ALARM = Alarm("tiny-model", "1", ("price",), 5, "a1b2")


@pytest.mark.parametrize("url", ["ftp://host/x", "file:///etc/passwd", "host/path", "https://", ""])
def test_what_is_no_address_is_refused_before_anything_runs(url: str) -> None:
    """Only http and https, and only with a host."""
    with pytest.raises(MonitorError, match="is no address to post to"):
        check_webhook(url)


def test_a_listener_that_is_not_there_is_named() -> None:
    """By host alone: an address may hold a secret."""
    url = f"http://127.0.0.1:{free_port()}/secret"
    with pytest.raises(MonitorError, match=r"could not be sent to 127\.0\.0\.1"):
        post(check_webhook(url), ALARM)


def test_the_project_retrains_itself() -> None:
    """The command is the project's entry point with this model and lake; the drift is why it is called."""
    command = project_retraining(Path("project"), "days_to_sell", "s3a://lake/cars")
    assert " ".join(command) == (
        "mlflow run project --env-manager local -P model=days_to_sell -P lake=s3a://lake/cars "
        "-P accept_drift=yes"
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ((sys.executable, "-c", "raise SystemExit(7)"), r"ended with exit code 7.*by hand"),
        (("no-such-program-here",), "cannot be started"),
    ],
)
def test_a_retraining_that_fails_is_told(tmp_path: Path, command: tuple[str, ...], says: str) -> None:
    """With the command line, so that it can be run by hand."""
    with pytest.raises(MonitorError, match=says) as told:
        retrain(command, tmp_path)
    assert command[0] in str(told.value)
