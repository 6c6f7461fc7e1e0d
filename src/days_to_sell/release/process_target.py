"""The process target: gunicorn as a local process, over the very same model package as the image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from days_to_sell.errors import TargetError
from days_to_sell.release.names import deployment_name
from days_to_sell.release.processes import identity, stop_process
from days_to_sell.release.project import check_project
from days_to_sell.release.service import answering, identify, service_environment, wait_until_ready
from days_to_sell.release.site import Site
from days_to_sell.release.state import Record, StateFiles
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.settings import PREFIX
from days_to_sell.training.spark.mleap_runtime import find_runtime

GUNICORN = ("-m", "gunicorn", "-c", "serving/gunicorn.conf.py")
# A little longer than gunicorn's own grace for requests under way.
GRACE_SECONDS = 35.0
# Enough to reach the cause, behind what gunicorn says of its own end.
LOG_LINES = 60
# What else the caller's environment holds, credentials above all, is not the service's business.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


class ProcessTarget:
    """Serves model packages with gunicorn from the current interpreter.

    Args:
        site: Project, workspace, addresses and settings.
    """

    name = "process"

    def __init__(self, site: Site) -> None:
        self._site = site
        self._files = StateFiles(site.workspace / "process")
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def reserve(self, model: str, environment: str) -> None:
        """Make sure that the port is free, or held by this model from here."""
        self._site.addresses.reserve(model, environment, self.started())

    def prepare(self, package: ModelPackage, version: str, engine: str = "python") -> Artifact:
        """Take the package as it is: there is nothing to build."""
        check_project(self._site.project)
        return Artifact(package, version, engine=engine)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Start the service as candidate; the proven one ends, and comes back if the candidate fails."""
        model = artifact.package.model
        self.reserve(model, environment)
        self._drop_candidate(model, environment)
        proven = self._files.read(model, environment)
        port, url = self._site.addresses.port(environment), self._site.addresses.url(environment)
        with bring_back_on_failure(lambda: self._bring_back(model, environment)):
            if proven is not None:
                self._halt(proven)
            self._start(artifact, environment, port, candidate=True)
            return identify(url, artifact, environment)

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate's state file the proven one."""
        self._files.confirm(candidate.model, candidate.environment)

    def restore(self, candidate: Deployment) -> Deployment | None:
        """End the candidate and start the proven one again."""
        return self._bring_back(candidate.model, candidate.environment)

    def current(self, environment: str) -> Deployment | None:
        """Ask the address of the environment."""
        return answering(self._site.addresses.url(environment))

    def started(self) -> tuple[Deployment, ...]:
        """List the services that the state files name and that still run."""
        return tuple(record.deployment for record in self._files.all() if self._runs(record))

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """End what the state files name, and remove them."""
        ended = []
        for record in self._files.all():
            if environment in (None, record.deployment.environment):
                if self._halt(record):
                    ended.append(record.deployment)
                self._files.remove(record)
        return tuple(ended)

    def _start(self, artifact: Artifact, environment: str, port: int, *, candidate: bool) -> None:
        package, url = artifact.package, self._site.addresses.url_of(port)
        log = self._files.root / f"{deployment_name(package.model, environment)}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            started_at = output.tell()
            child = subprocess.Popen(
                [sys.executable, *GUNICORN],
                cwd=self._site.project,
                env=self._variables(artifact, environment, port),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[child.pid] = child
        deployment = Deployment(environment, url, package.model, artifact.version, package.digest)
        record = Record(
            deployment,
            child.pid,
            identity(child.pid) or "",
            str(package.root.resolve()),
            candidate,
            artifact.engine,
        )
        self._files.write(record)
        try:
            wait_until_ready(url, seconds=self._site.ready_seconds, running=lambda: self._runs(record))
        except TargetError as error:
            raise TargetError(f"{error}; its log {log} ends with:\n{_tail(log, started_at)}") from error

    def _variables(self, artifact: Artifact, environment: str, port: int) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **inherited,
            **service_environment(self._site.settings, artifact, environment),
            **(self._jvm() if artifact.engine == "jvm" else {}),
            f"{PREFIX}PACKAGE": str(artifact.package.root.resolve()),
            f"{PREFIX}HOST": self._site.addresses.host,
            "PORT": str(port),
        }

    def _jvm(self) -> dict[str, str]:
        runtime = find_runtime(self._site.settings)
        return {
            f"{PREFIX}JVM_JAVA": str(runtime.java_home),
            f"{PREFIX}JVM_JARS": str(runtime.jars[0].parent),
        }

    def _bring_back(self, model: str, environment: str) -> Deployment | None:
        self._drop_candidate(model, environment)
        proven = self._files.read(model, environment)
        if proven is None:
            return None
        if not self._runs(proven):
            self._site.report(f"starting {proven.deployment} again")
            package = open_package(Path(proven.package))
            artifact = Artifact(package, proven.deployment.version, engine=proven.engine)
            self._start(artifact, environment, proven.deployment.port, candidate=False)
        return proven.deployment

    def _drop_candidate(self, model: str, environment: str) -> None:
        record = self._files.read(model, environment, candidate=True)
        if record is not None:
            self._halt(record)
            self._files.remove(record)

    def _halt(self, record: Record) -> bool:
        return self._runs(record) and stop_process(record.pid, record.identity, grace_seconds=GRACE_SECONDS)

    def _runs(self, record: Record) -> bool:
        child = self._children.get(record.pid)
        if child is not None and child.poll() is not None:
            del self._children[record.pid]
        return identity(record.pid) == record.identity


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as written:
        written.seek(start)
        lines = written.read().decode("utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "  (nothing)"
