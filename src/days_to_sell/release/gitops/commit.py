"""The release by git: what Production names in the registry becomes what a deployment repository says."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import DaysToSellError, LeaseError, RegistryError, ReleaseError, StoppedError
from days_to_sell.registry.events.event import Event, Kind, NewEvent
from days_to_sell.release import alerts
from days_to_sell.release.gitops.record import Record, path_of
from days_to_sell.release.gitops.repository import Clone, Repository
from days_to_sell.release.gitops.steps import Commit, Confirm, Draft, Put, StorePackage, record_on
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.course import Course, SupersededError, is_final
from days_to_sell.release.machine.journal import Journal
from days_to_sell.release.machine.past import Past
from days_to_sell.release.machine.place import lease_name
from days_to_sell.release.machine.steps import FetchPackage, MakeImage, PublishImage, ReplayArtifact, Step
from days_to_sell.release.machine.tenure import Tenure, hold
from days_to_sell.release.machine.works import Piece, Works
from days_to_sell.release.packages import Versions
from days_to_sell.release.replay import BATCH_ROWS
from days_to_sell.release.target import Report, Target
from days_to_sell.scoring.engines import Engine, FindRuntime
from days_to_sell.scoring.predictor import Predictor

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion

TURNS = 20


@dataclass(frozen=True)
class Committed:
    """What a deployment repository says.

    Args:
        record: What is to serve.
        commit: A commit of the branch that says so.
        changed: Whether this release made it; else there was nothing to commit.
    """

    record: Record
    commit: str
    changed: bool


@dataclass(frozen=True)
class Storage:
    """Where packages go for whoever deploys.

    Args:
        packages: ``s3://bucket/prefix``; empty where they stay in MLflow.
        put: Puts a package there, and says its address.
        image_registry: Where images are published; empty where whoever deploys builds them.
    """

    packages: str
    put: Put
    image_registry: str = ""

    def holds(self, record: Record) -> bool:
        """Whether a record names the places that are named now."""
        under = f"{self.packages.rstrip('/')}/" if self.packages else "models:/"
        images = f"{self.image_registry.rstrip('/')}/" if self.image_registry else ""
        return record.package.address.startswith(under) and (
            record.image.startswith(images) if images else not record.image
        )


def commit_production(
    registry: Versions,
    model: str,
    repository: Repository,
    storage: Storage,
    target: Target,
    *,
    workspace: Path,
    report: Report,
    aides: Aides,
    engine: Engine = "auto",
    runtime: FindRuntime | None = None,
    again: bool = False,
) -> Committed:
    """Make a deployment repository say what is in Production, or leave it as it is.

    The version is fetched, admitted by its gates and proven by its golden data before anybody else hears of
    it. Steps are written to the event log, and a run that is killed is continued by the next.

    Args:
        registry: Where versions and their packages are.
        model: Name of the registered model.
        repository: Where to commit.
        storage: Where packages and images go.
        target: Makes the image, where one is published; nothing is deployed to it.
        workspace: Directory for packages.
        report: Takes one line of progress.
        aides: Who stands beside the release.
        engine: What is to compute the bundle.
        runtime: Finds what the JVM engine is started from.
        again: Whether to commit a version that a person took back.

    Raises:
        LeaseError: Another program commits this model there.
        DeploymentError: The repository refuses it, or a person took this version back.
        RepositoryError: The repository does not answer.
        DaysToSellError: The version was refused, or something failed; the log says why.
    """
    path_of(model)
    load = partial(Predictor, engine=engine, runtime=runtime)
    publish = aides.publish if storage.image_registry else None
    works = Works(registry, target, workspace, report, load, BATCH_ROWS, aides.trusted_keys, publish)
    workspace.mkdir(parents=True, exist_ok=True)
    with (
        repository.open() as clone,
        hold(
            aides.log,
            lease_name("commit", model, repository.place),
            report=report,
            wait=aides.wait,
            seconds=aides.lease_seconds,
            stopping=aides.stopping,
        ) as tenure,
    ):
        turn = _Turn(works, aides, tenure, model, clone, storage, engine, again)
        for _ in range(TURNS):
            try:
                return turn.take()
            except SupersededError as error:
                report(f"{model}: {error}; looking again")
    raise RegistryError(f"{model}: each version was replaced in Production before it was committed")


@dataclass(frozen=True)
class _Turn:
    """A look at what is in Production and what the repository says, and what follows from it."""

    works: Works
    aides: Aides
    tenure: Tenure
    model: str
    clone: Clone
    storage: Storage
    engine: Engine
    again: bool

    def take(self) -> Committed:
        desired = self._desired()
        past = Past.read(self.aides.log, self.model, self._place)
        standing = self._standing(desired, past.last_released)
        if standing is not None:
            name = f"{self.model} version {desired.version}"
            self.works.report(f"{self.clone.repository} says {name}: nothing to commit")
            self.aides.alerts.settle(self.model)
            return standing
        left = past.unfinished
        if left is not None and left.key.version != desired.version:
            reason = f"version {desired.version} is in Production instead"
            self._journal(left.id).gave_up(left.key, "", reason)
            left = None
        journal = self._journal(left.id if left else secrets.token_hex(8))
        piece, draft = Piece(desired), Draft()
        course = Course(
            self.works,
            piece,
            self._steps(piece, draft, past.last_released),
            journal,
            left,
            self.aides.admit,
            lambda: self._wanted(desired),
            self.aides.stopping,
            lambda step: None,
        )
        return self._run(course, draft)

    def _run(self, course: Course, draft: Draft) -> Committed:
        key = course.piece.key
        try:
            course.run()
        except SupersededError as error:
            course.journal.gave_up(key, course.at, str(error))
            raise
        except (LeaseError, StoppedError):
            raise
        except DaysToSellError as error:
            self._fail(course, error)
            raise
        if draft.record is None:
            raise ReleaseError("no record: the steps did not run")
        self._write(course, draft)
        self.aides.alerts.settle(self.model)
        return Committed(draft.record, draft.commit, draft.changed)

    def _steps(self, piece: Piece, draft: Draft, last: Event | None) -> tuple[Step, ...]:
        works, clone = self.works, self.clone
        promoted = self.aides.log.last(self.model, Kind.PROMOTED, piece.version.version)

        def wanted() -> bool:
            return self._wanted(piece.version)

        return (
            FetchPackage(works, piece),
            MakeImage(works, piece),
            ReplayArtifact(works, piece),
            PublishImage(works, piece),
            StorePackage(works, piece, draft, self.storage.packages, self.storage.put),
            Commit(works, piece, draft, clone, promoted, last, wanted, self.again),
            Confirm(works, piece, draft, clone),
        )

    def _standing(self, desired: ModelVersion, last: Event | None) -> Committed | None:
        """Tell whether the repository says already what a release wrote there last."""
        tip = self.clone.fetch()
        found = record_on(self.clone, self.model, self.works.report)
        if found is None or last is None or found.version != desired.version:
            return None
        same = (last.version, last.digest) == (desired.version, found.package.digest)
        meant = self.engine in ("auto", found.engine) and self.storage.holds(found)
        return Committed(found, tip, changed=False) if same and meant else None

    def _desired(self) -> ModelVersion:
        found = self.works.registry.production(self.model)
        if found is None:
            raise ReleaseError(f"no version of {self.model} is in Production; promote one, then commit again")
        return found

    def _wanted(self, desired: ModelVersion) -> bool:
        now = self.works.registry.production(self.model)
        return now is not None and now.version == desired.version

    def _write(self, course: Course, draft: Draft) -> None:
        body = {
            "key": str(course.piece.key),
            "release": course.journal.release,
            "place": self._place,
            "repository": str(self.clone.repository),
            "commit": draft.commit,
            "from": draft.before,
            "to": course.piece.version.version,
            "package": draft.address,
            "image": course.piece.published,
        }
        key = course.piece.key
        new = NewEvent(self.model, Kind.COMMITTED, self.aides.actor, key.version, key.digest, body)
        self.tenure.require()
        self.aides.told(self.aides.log.append(new, self.tenure.lease))

    def _fail(self, course: Course, error: DaysToSellError) -> None:
        """Tell of a failure, everywhere that still listens."""
        key, final = course.piece.key, is_final(error)
        told = course.before.failures if course.before else ()
        if not final and (course.at, str(error)) in told:
            return
        try:
            course.journal.gave_up(key, course.at, str(error), passing=not final)
        except DaysToSellError as failure:
            self.works.report(f"the failure could not be written to the event log: {failure}")
        what = alerts.REFUSED if final else alerts.FAILED
        more = {"step": course.at, "digest": key.digest, "repository": str(self.clone.repository)}
        self.aides.alerts.send(what, key.model, key.version, str(error), more)

    @property
    def _place(self) -> str:
        return self.clone.repository.place

    def _journal(self, release: str) -> Journal:
        return Journal(self.aides.log, self.tenure, self.aides.actor, self._place, release, self.aides.told)
