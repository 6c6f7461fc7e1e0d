"""The process target: gunicorn as a local process, over the very same model package as the image."""

from __future__ import annotations

import socket
from pathlib import Path

from days_to_sell.release.process.gunicorns import Gunicorns
from days_to_sell.release.process.state import Record, StateFiles
from days_to_sell.release.project import check_project
from days_to_sell.release.replay import replay, require
from days_to_sell.release.service import answering, identify
from days_to_sell.release.site import Site
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.package import ModelPackage, open_package


class ProcessTarget:
    """Serves model packages with gunicorn from the current interpreter.

    A version is rehearsed on a port of its own first, unless it was proven here before and comes back. Then
    a master of it follows the one that serves, on the same listening socket, so that no connection is refused
    or reset in between.

    Args:
        site: Project, workspace, addresses and settings.
    """

    name = "process"

    def __init__(self, site: Site) -> None:
        self._site = site
        self._files = StateFiles(site.workspace / "process")
        self._gunicorns = Gunicorns(site, self._files)

    def reserve(self, model: str, environment: str) -> None:
        """Make sure that the port is free, or held by this model from here."""
        self._settle(model, environment)
        self._site.addresses.reserve(model, environment, self.started())

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Take the package as it is: there is nothing to build."""
        check_project(self._site.project)
        return Artifact(package, version, engine=engine, kept=kept)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Prove the artifact on a port of its own, then let it follow what serves, as candidate."""
        model = artifact.package.model
        self.reserve(model, environment)
        with bring_back_on_failure(lambda: self._bring_back(model, environment)):
            if not artifact.kept:
                self._rehearse(artifact, environment)
            self._switch(artifact, environment)
            return identify(self._site.addresses.url(environment), artifact, environment)

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate's state file the proven one; it stays that if it is so already."""
        model, environment = candidate.model, candidate.environment
        proven = self._files.read(model, environment)
        there_is_one = self._files.read(model, environment, "candidate") is not None
        if there_is_one or proven is None or proven.deployment != candidate:
            self._files.confirm(model, environment)

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Let the proven one follow the candidate."""
        return self._bring_back(candidate.model, candidate.environment)

    def current(self, environment: str) -> Deployment | None:
        """Ask the address of the environment."""
        return answering(self._site.addresses.url(environment))

    def started(self) -> tuple[Deployment, ...]:
        """List the services that the state files name and that still run, without rehearsals."""
        running = [
            each for each in self._files.all() if each.part != "rehearsal" and self._gunicorns.runs(each)
        ]
        return tuple(dict.fromkeys(record.deployment for record in running))

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """End what the state files name, and remove them."""
        wanted = [each for each in self._files.all() if environment in (None, each.deployment.environment)]
        for model, place in {(each.deployment.model, each.deployment.environment) for each in wanted}:
            self._settle(model, place)
        ended = []
        for record in self._files.all():
            deployment = record.deployment
            if environment in (None, deployment.environment):
                if self._gunicorns.halt(record):
                    ended.append(deployment)
                self._files.remove(deployment.model, deployment.environment, record.part)
        return tuple(ended)

    def _rehearse(self, artifact: Artifact, environment: str) -> None:
        record = self._gunicorns.start(
            artifact, environment, _free_port(self._site.addresses.host), "rehearsal"
        )
        url = record.deployment.url
        identify(url, artifact, environment)
        require(replay(url, artifact.package.golden), f"{record.deployment} at {url}")
        self._end_rehearsal(artifact.package.model, environment)

    def _switch(self, artifact: Artifact, environment: str) -> None:
        model, port = artifact.package.model, self._site.addresses.port(environment)
        serving = self._serving(model, environment)
        if serving is not None and not serving.announcement:
            self._site.report(f"{serving.deployment} was started by an earlier toolkit: ending it first")
            self._gunicorns.halt(serving)
            serving = None
        if serving is None:
            self._gunicorns.start(artifact, environment, port, "candidate")
        else:
            self._gunicorns.succeed(serving, artifact, "candidate")

    def _serving(self, model: str, environment: str) -> Record | None:
        records = (self._files.read(model, environment, part) for part in ("candidate", "proven"))
        return next((each for each in records if each is not None and self._gunicorns.runs(each)), None)

    def _bring_back(self, model: str, environment: str) -> Deployment | None:
        self._settle(model, environment)
        proven = self._files.read(model, environment)
        if proven is not None and not self._gunicorns.runs(proven):
            self._site.report(f"starting {proven.deployment} again")
            artifact = Artifact(
                open_package(Path(proven.package)), proven.deployment.version, engine=proven.engine
            )
            serving = self._serving(model, environment)
            if serving is not None and serving.announcement:
                self._gunicorns.succeed(serving, artifact, "proven")
            else:
                self._drop_candidate(model, environment)
                self._gunicorns.start(artifact, environment, proven.deployment.port, "proven")
        self._drop_candidate(model, environment)
        return proven.deployment if proven else None

    def _settle(self, model: str, environment: str) -> None:
        """Finish what an interrupted program left half done, or undo it where nothing else can answer yet."""
        self._end_rehearsal(model, environment)
        followed = self._gunicorns.adopt(self._files.beside(model, environment, ".successor"))
        leaving = self._files.read(model, environment, "leaving")
        if leaving is not None:
            if self._gunicorns.runs(leaving):
                followed = followed or self._follower(leaving)
                if followed is not None and self._gunicorns.works(followed):
                    self._gunicorns.halt(leaving)
                else:
                    if followed is not None:
                        self._gunicorns.halt(followed)
                    self._files.write(leaving)
            self._files.remove(model, environment, "leaving")
        proven = self._files.read(model, environment)
        candidate = self._files.read(model, environment, "candidate")
        if candidate is not None and candidate.is_process_of(proven):
            self._files.remove(model, environment, "candidate")

    def _follower(self, leaving: Record) -> Record | None:
        found = leaving.deployment
        records = (self._files.read(found.model, found.environment, part) for part in ("candidate", "proven"))
        return next((each for each in records if each is not None and not each.is_process_of(leaving)), None)

    def _end_rehearsal(self, model: str, environment: str) -> None:
        record = self._files.read(model, environment, "rehearsal")
        if record is not None:
            # Nobody but its maker ever asked it.
            self._gunicorns.halt(record, at_once=True)
            self._files.remove(model, environment, "rehearsal")

    def _drop_candidate(self, model: str, environment: str) -> None:
        record = self._files.read(model, environment, "candidate")
        if record is not None:
            self._gunicorns.halt(record)
            self._files.remove(model, environment, "candidate")


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
