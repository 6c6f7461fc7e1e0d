"""Load by wrk (https://github.com/wg/wrk): a script that varies requests, and the figures that it prints."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem

SCRIPTS = Path(__file__).parent
POLL_SECONDS = 0.05
# For the last replies, behind the seconds that it was given.
GRACE_SECONDS = 60.0


@dataclass(frozen=True)
class Load:
    """What came of some load.

    Args:
        requests: Requests that were answered.
        seconds: How long that took.
        p50_ms: Half of the requests took no longer.
        p90_ms: Nine of ten took no longer.
        p99_ms: 99 of 100 took no longer.
        errors: Replies other than 2xx and 3xx, and errors of sockets, by kind; without those of which there
            were none.
    """

    requests: int
    seconds: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    errors: Mapping[str, int]

    @property
    def rps(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def find_wrk() -> str:
    """Say where wrk is.

    Raises:
        EnvironmentProblem: It is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise EnvironmentProblem(
            "wrk, which makes the load, is not installed; on Debian and Ubuntu run `apt-get install wrk`"
        )
    return found


def run_wrk(
    url: str,
    bodies: Path,
    *,
    seconds: int,
    connections: int,
    script: str = "load.lua",
    variables: Mapping[str, str] | None = None,
    done: Callable[[], bool] | None = None,
) -> Load:
    """Ask a service as fast as it answers, over connections that stay open.

    Args:
        url: Where requests go.
        bodies: File with a request's body in each line; they are sent in turn.
        seconds: For how long, at most.
        connections: Number of connections, each with one request under way.
        script: Lua script beside this module.
        variables: What the script reads of the environment, beside ``BODIES`` and ``SCRIPTS``.
        done: Tells that it may end before its time, which it would not do by itself.

    Raises:
        EnvironmentProblem: wrk is not installed, or ends with an error.
    """
    command = [find_wrk(), "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    command += ["--timeout", "30s", "--script", str(SCRIPTS / script), url]
    told = {"BODIES": str(bodies), "SCRIPTS": str(SCRIPTS), **(variables or {})}
    with subprocess.Popen(
        command, env={**os.environ, **told}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            while done is not None and process.poll() is None:
                if done():
                    process.send_signal(signal.SIGINT)
                    break
                time.sleep(POLL_SECONDS)
            said, _ = process.communicate(timeout=seconds + GRACE_SECONDS)
        except BaseException:
            process.kill()
            raise
    lines = said.splitlines()
    if process.returncode or not lines or not lines[-1].startswith("{"):
        raise EnvironmentProblem(
            f"wrk ended with {process.returncode} and said {said.strip()[-500:]!r}; is {url} answered?"
        )
    found = json.loads(lines[-1])
    errors = {kind: count for kind, count in found["errors"].items() if count}
    return Load(
        found["requests"],
        found["us"] / 1e6,
        found["p50_us"] / 1e3,
        found["p90_us"] / 1e3,
        found["p99_us"] / 1e3,
        errors,
    )
