"""The fence around a target: one program changes it at a time, and none that came before the newest."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from days_to_sell.errors import LeaseError, TargetError
from days_to_sell.release.canary.seam import CanaryTarget, Sides, able
from days_to_sell.release.machine.place import told_apart
from days_to_sell.release.machine.tenure import Tenure
from days_to_sell.release.target import Artifact, Deployment, Target
from days_to_sell.release.written import write_whole
from days_to_sell.scoring.package import ModelPackage

# Longer than any change of a target takes: starting a version, proving it, ending the one before.
WAIT_SECONDS = 300.0
LOOK_SECONDS = 0.05


class Fence:
    """The highest number of a lease that changed a target, kept beside it.

    A lease alone does not keep a program out that was stopped for a while and does not know it. The number
    rises with each holder; the target's side remembers it, and lets nobody in who has a lower one.

    Args:
        folder: Where the fences of a workspace are.
        model: Name of the registered model.
        authority: Name of the log that gives the numbers.
        wait: How long to wait for another program to come out.
    """

    def __init__(self, folder: Path, model: str, authority: str, wait: float = WAIT_SECONDS) -> None:
        self._lock, self._path = folder / f"{told_apart(model)}.lock", folder / f"{told_apart(model)}.json"
        self._authority, self._wait = authority, wait

    @contextmanager
    def entered(self, tenure: Tenure) -> Iterator[None]:
        """Change the target within the block, with nobody else beside.

        Raises:
            LeaseError: Another program took over.
            TargetError: Another program is within and does not come out.
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            deadline = time.monotonic() + self._wait
            while not _locked(lock.fileno()):
                if time.monotonic() > deadline:
                    raise TargetError(
                        f"another program changes what is deployed from {self._lock.parent} and does not "
                        f"come to an end; `fuser {self._lock}` names it"
                    )
                time.sleep(LOOK_SECONDS)
            # After the waiting: it may have outlasted the lease.
            tenure.require()
            self._admit(tenure)
            yield

    def _admit(self, tenure: Tenure) -> None:
        highest, token = self._highest(), tenure.lease.token
        if token < highest:
            raise LeaseError(
                f"{tenure.lease.holder} was admitted with number {token} to what is deployed here, and "
                f"{highest} was seen since: another program took over, and nothing was changed"
            )
        if token > highest:
            write_whole(self._path, json.dumps({"authority": self._authority, "token": token}))

    def _highest(self) -> int:
        if not self._path.exists():
            return 0
        try:
            written = json.loads(self._path.read_text(encoding="utf-8"))
            return int(written["token"]) if written["authority"] == self._authority else 0
        except (KeyError, TypeError, ValueError) as error:
            raise TargetError(
                f"{self._path} is damaged ({error}); see that no release is under way, remove it, and "
                "release again"
            ) from error


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class FencedTarget:
    """A target that is changed through the fence alone.

    Args:
        target: What serves.
        fence: The fence.
        tenure: This program's right to act.
    """

    def __init__(self, target: Target, fence: Fence, tenure: Tenure) -> None:
        self._target, self._fence, self._tenure = target, fence, tenure

    @property
    def name(self) -> str:
        """Name of the target."""
        return self._target.name

    def reserve(self, model: str, environment: str) -> None:
        """Reserve a port; a target may settle there what an interrupted program left."""
        with self._fence.entered(self._tenure):
            self._target.reserve(model, environment)

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Make what is deployed; nothing that serves changes, so that nobody has to wait."""
        self._tenure.require()
        return self._target.prepare(package, version, engine, kept=kept)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Start the artifact as candidate."""
        with self._fence.entered(self._tenure):
            return self._target.deploy(artifact, environment)

    def has_incumbent(self, model: str, environment: str) -> bool:
        """Whether a candidate can be compared with anything."""
        return self._canary.has_incumbent(model, environment)

    def try_out(self, artifact: Artifact, environment: str, percent: int) -> Deployment:
        """Start the artifact as candidate, with a share of the requests."""
        with self._fence.entered(self._tenure):
            return self._canary.try_out(artifact, environment, percent)

    def sides(self, candidate: Deployment) -> Sides:
        """Name the replicas of both versions; whoever lost the right to act need not watch them either."""
        self._tenure.require()
        return self._canary.sides(candidate)

    def take_over(self, candidate: Deployment) -> None:
        """Give all requests to the candidate."""
        with self._fence.entered(self._tenure):
            self._canary.take_over(candidate)

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate what serves."""
        with self._fence.entered(self._tenure):
            self._target.confirm(candidate)

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Let what served before serve again."""
        with self._fence.entered(self._tenure):
            return self._target.restore(candidate)

    def current(self, environment: str) -> Deployment | None:
        """Ask the address what serves there."""
        return self._target.current(environment)

    def started(self) -> tuple[Deployment, ...]:
        """List what runs."""
        return self._target.started()

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """End what runs."""
        with self._fence.entered(self._tenure):
            return self._target.stop(environment)

    @property
    def _canary(self) -> CanaryTarget:
        return able(self._target)
