"""Gunicorn as a local process: started on a port of its own, or as the successor of one that serves.

A successor is gunicorn's own upgrade on the fly: on SIGUSR2 a master starts its program again beside itself
and hands it the listening socket, which therefore never closes. What the new program serves stands in a file,
the announcement, which ``serving/gunicorn.conf.py`` reads right before the new program begins.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from days_to_sell.errors import TargetError
from days_to_sell.release.process.processes import command_of, identity, stop_process
from days_to_sell.release.process.state import Part, Record, StateFiles, record_from
from days_to_sell.release.service import service_environment, wait_until_ready
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact, Deployment
from days_to_sell.release.written import write_whole
from days_to_sell.settings import PREFIX
from days_to_sell.training.spark.mleap_runtime import find_runtime

CONFIG = "serving/gunicorn.conf.py"
GUNICORN = ("-m", "gunicorn", "-c", CONFIG)
# A little longer than gunicorn's own grace for requests under way.
GRACE_SECONDS = 35.0
# Enough to reach the cause, behind what gunicorn says of its own end.
LOG_LINES = 60
# How a line of the access log begins.
ACCESS = '{"time": '
# What else the caller's environment holds, credentials above all, is not the service's business.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
# A master hears no SIGUSR2 until it has noticed that its own predecessor is gone, which takes a second.
ASK_AGAIN_SECONDS = 1.0
POLL_SECONDS = 0.05


class Gunicorns:
    """The gunicorn masters that serve one workspace.

    Args:
        site: Project, workspace, addresses and settings.
        files: Where they are recorded.
    """

    def __init__(self, site: Site, files: StateFiles) -> None:
        self._site = site
        self._files = files
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, artifact: Artifact, environment: str, port: int, part: Part) -> Record:
        """Start a master on a port that nobody holds, and wait until it is ready.

        Raises:
            TargetError: It ended, or was not ready in time; the message holds the end of its log.
        """
        wanted = self._record(artifact, environment, port, part)
        log = self._log(wanted)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            began = output.tell()
            child = subprocess.Popen(
                [sys.executable, *GUNICORN],
                cwd=self._site.project,
                env=self._variables(artifact, environment, port, wanted.announcement),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[child.pid] = child
        record = replace(wanted, pid=child.pid, identity=identity(child.pid) or "")
        self._files.write(record)
        try:
            wait_until_ready(
                record.deployment.url, seconds=self._site.ready_seconds, running=lambda: self.runs(record)
            )
        except TargetError as error:
            raise self._with_log(error, log, began) from error
        return record

    def succeed(self, old: Record, artifact: Artifact, part: Part) -> Record:
        """Let a new master follow one that serves, on the same listening socket.

        The old one stops taking connections when the new one has taken up its work, and ends when its last
        reply is out. Where this fails before that, the old one serves on.

        Raises:
            TargetError: The new master did not get ready.
        """
        environment, port = old.deployment.environment, old.deployment.port
        wanted = self._record(artifact, environment, port, part)
        log, announcement = self._log(wanted), Path(old.announcement)
        began = log.stat().st_size if log.exists() else 0
        variables = self._variables(artifact, environment, port, wanted.announcement)
        self._files.leave(old)
        write_whole(announcement, json.dumps({"environment": variables, "record": asdict(wanted)}))
        taken = taken_by(announcement)
        taken.unlink(missing_ok=True)
        try:
            self._wait_for_fork(old, taken)
            record = self.adopt(announcement)
            if record is None:
                raise TargetError(f"what was to follow {old.deployment} ended at once")
            self._wait_for_work(record)
        except TargetError as error:
            raise self._with_log(error, log, began) from error
        self.halt(old)
        self._files.remove(old.deployment.model, environment, "leaving")
        return record

    def adopt(self, announcement: Path) -> Record | None:
        """Record the master that followed an announcement, unless that was done or it has ended."""
        taken = taken_by(announcement)
        if not taken.exists():
            return None
        pid = int(taken.read_text(encoding="ascii"))
        found = identity(pid)
        # While a program takes the place of another, it has no command line for a moment.
        _within(ASK_AGAIN_SECONDS, lambda: command_of(pid) != "" or identity(pid) is None)
        # Should the number be another program's by now, that one is none of this project's.
        if found is None or CONFIG not in command_of(pid):
            taken.unlink()
            return None
        wanted = record_from(json.loads(announcement.read_text(encoding="utf-8"))["record"])
        record = replace(wanted, pid=pid, identity=found)
        self._files.write(record)
        taken.unlink()
        return record

    def halt(self, record: Record, *, at_once: bool = False) -> bool:
        """End a master, unless it is to be at once when its requests are answered; tell whether it ran."""
        by = signal.SIGQUIT if at_once else signal.SIGTERM
        ran = self.runs(record) and stop_process(
            record.pid, record.identity, grace_seconds=GRACE_SECONDS, by=by
        )
        if record.announcement:
            at_work(Path(record.announcement), record.pid).unlink(missing_ok=True)
        return ran

    def runs(self, record: Record) -> bool:
        """Whether a recorded master runs."""
        child = self._children.get(record.pid)
        if child is not None and child.poll() is not None:
            del self._children[record.pid]
        return identity(record.pid) == record.identity

    def works(self, record: Record) -> bool:
        """Whether a recorded master that followed another runs and answers."""
        return self.runs(record) and at_work(Path(record.announcement), record.pid).exists()

    def _record(self, artifact: Artifact, environment: str, port: int, part: Part) -> Record:
        package = artifact.package
        url = self._site.addresses.url_of(port)
        deployment = Deployment(environment, url, package.model, artifact.version, package.digest)
        announcement = self._files.beside(package.model, environment, ".successor").resolve()
        root = str(package.root.resolve())
        return Record(deployment, 0, "", root, part, artifact.engine, str(announcement))

    def _log(self, record: Record) -> Path:
        return self._files.beside(record.deployment.model, record.deployment.environment, ".log")

    def _wait_for_fork(self, old: Record, taken: Path) -> None:
        deadline = time.monotonic() + self._site.ready_seconds
        while time.monotonic() < deadline:
            if not self.runs(old):
                raise TargetError(f"{old.deployment} ended before another could follow it")
            os.kill(old.pid, signal.SIGUSR2)
            if _within(ASK_AGAIN_SECONDS, taken.exists):
                return
        raise TargetError(f"{old.deployment} did not start what is to follow it")

    def _wait_for_work(self, record: Record) -> None:
        seconds = self._site.ready_seconds
        if not _within(seconds, lambda: self.works(record) or not self.runs(record)):
            self.halt(record)
            raise TargetError(f"{record.deployment} was not ready within {seconds:g} seconds")
        if not self.runs(record):
            raise TargetError(f"{record.deployment} ended before it was ready")

    def _variables(
        self, artifact: Artifact, environment: str, port: int, announcement: str
    ) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **inherited,
            **service_environment(self._site.settings, artifact, environment),
            **(self._jvm() if artifact.engine == "jvm" else {}),
            f"{PREFIX}PACKAGE": str(artifact.package.root.resolve()),
            f"{PREFIX}HOST": self._site.addresses.host,
            f"{PREFIX}SUCCESSOR": announcement,
            "PORT": str(port),
        }

    def _jvm(self) -> dict[str, str]:
        runtime = find_runtime(self._site.settings)
        return {
            f"{PREFIX}JVM_JAVA": str(runtime.java_home),
            f"{PREFIX}JVM_JARS": str(runtime.jars[0].parent),
        }

    def _with_log(self, error: TargetError, log: Path, began: int) -> TargetError:
        return TargetError(f"{error}; its log {log} ends with:\n{_tail(log, began)}")


def taken_by(announcement: Path) -> Path:
    """File in which a successor leaves its process number before its program begins."""
    return announcement.with_name(f"{announcement.name}.pid")


def at_work(announcement: Path, pid: int) -> Path:
    """File that the workers of a master leave when the first of them can answer."""
    return announcement.with_name(f"{announcement.name}.{pid}")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as written:
        written.seek(start)
        lines = written.read().decode("utf-8", errors="replace").splitlines()
    # What the predecessor answers meanwhile would hide what was said of the end.
    lines = [line for line in lines if not line.startswith(ACCESS)]
    return "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "  (nothing)"
