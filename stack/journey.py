"""From sources to an answer, over a whole platform: the DAG trains, a commit deploys, a container answers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.release.gitops.record import Record, path_of, read_record
from days_to_sell.release.packages import folder_of
from days_to_sell.release.replay import replay, require
from days_to_sell.release.service import answering
from days_to_sell.release.target import PRODUCTION
from days_to_sell.scoring.package import open_package
from stack.platform import LAKE, Platform, Report

RUN = "platform"
SECONDS, LOOK_SECONDS = 1_500.0, 1.0
WAITING = "deferred"
ENDED = ("success", "failed")


@dataclass
class Journey:
    """One run of a model's DAG, and what became of it.

    Args:
        platform: The parts, running.
        folder: Model folder.
        model: Name of the model, which is that of the DAG.
        adverts: Size of the example lake.
        report: Takes one line of progress.
    """

    platform: Platform
    folder: str
    model: str
    adverts: int
    report: Report
    seconds: dict[str, float] = field(default_factory=dict)

    def travel(self) -> dict[str, Any]:
        """Go all the way, and say what answers in the end.

        Raises:
            EnvironmentProblem: It did not come to its end; the message says where.
        """
        day, lake = self._write_lake()
        airflow = self.platform.airflow
        airflow.unpause(self.model)
        airflow.trigger(self.model, day, {}, RUN)
        self._until("the sources are waited for", lambda: WAITING in self._states().values())
        self.report(f"the DAG waits for the snapshot of {day}, which is not in the lake yet")
        self._upload(lake)
        self.report(f"the snapshot of {day} arrived at s3://{LAKE}/{self.folder}")
        self._watch()
        record, commit = self._deployed()
        return self._answers(record, commit)

    def _write_lake(self) -> tuple[str, Path]:
        lake = self.platform.folder / "sources"
        wanted = ("--model", self.folder, "--lake", str(lake), "--adverts", str(self.adverts))
        subprocess.run(
            [sys.executable, "-m", "days_to_sell.cli", "data", "example", *wanted],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (day,) = {found.name.removeprefix("snapshot_date=") for found in lake.glob("*/snapshot_date=*")}
        return day, lake

    def _upload(self, lake: Path) -> None:
        client = self.platform.s3.client
        for file in sorted(found for found in lake.rglob("*") if found.is_file()):
            client.upload_file(str(file), LAKE, f"{self.folder}/{file.relative_to(lake)}")

    def _states(self) -> dict[str, str]:
        return self.platform.airflow.states(self.model, RUN)

    def _watch(self) -> None:
        """Tell each task as it ends, until the run has."""
        told, began = set[str](), time.monotonic()

        def ended() -> bool:
            nonlocal began
            for task, state in self._states().items():
                if state in (*ENDED, "skipped", "upstream_failed") and task not in told:
                    told.add(task)
                    self.seconds[task] = round(time.monotonic() - began, 1)
                    began = time.monotonic()
                    self.report(f"{task}: {state}, {self.seconds[task]:.0f} s")
            return self.platform.airflow.run_state(self.model, RUN) in ENDED

        self._until("the run ends", ended)
        wrong = {task: state for task, state in self._states().items() if state != "success"}
        if wrong:
            task = next(iter(wrong))
            said = self.platform.airflow.log_of(self.model, RUN, task)[-2_000:]
            raise EnvironmentProblem(f"tasks of the DAG did not succeed: {wrong}; {task} said: {said}")

    def _deployed(self) -> tuple[Record, str]:
        """Wait until the newest commit is deployed, and read what it says."""
        remote, began = self.platform.remote, time.monotonic()
        commit = remote.git("rev-parse", remote.branch)
        self.report(f"commit {commit[:12]}: {remote.git('log', '-1', '--format=%s', commit)}")
        self._until("the commit is deployed", lambda: remote.deployed() == commit)
        self.seconds["deployment"] = round(time.monotonic() - began, 1)
        said = remote.log.read_text(encoding="utf-8")
        if f"== {commit} ended with 0" not in said:
            raise EnvironmentProblem(f"the deployment failed: {said[-2_000:]}")
        path = path_of(self.model)
        return read_record(remote.git("show", f"{commit}:{path}"), path), commit

    def _answers(self, record: Record, commit: str) -> dict[str, Any]:
        """Ask what serves for itself, and for its golden data."""
        url = self.platform.addresses.url(PRODUCTION)
        serving = answering(url)
        due = (record.model, record.version, record.package.digest)
        if serving is None or (serving.model, serving.version, serving.digest) != due:
            raise EnvironmentProblem(f"{url} is to serve {due}, and answers {serving}")
        kept = folder_of(record.model, record.version, record.package.digest, self.platform.place)
        if kept is None:
            raise EnvironmentProblem(f"what answers at {url} was not deployed from {self.platform.place}")
        proof = replay(url, open_package(kept).golden)
        require(proof, f"what answers at {url}")
        version = requests.get(f"{url}/version", timeout=30).json()
        self.report(
            f"{url} answers as version {serving.version} from {record.image or 'its package'}: "
            f"{proof.rows} golden rows hold, largest relative error {proof.max_rel_error:.1e}"
        )
        return {
            "commit": commit,
            "version": version,
            "image": record.image,
            "package": record.package.address,
            "golden_rows": proof.rows,
            "golden_max_rel_error": proof.max_rel_error,
        }

    def _until(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise EnvironmentProblem(f"{what}: that did not come about within {SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
