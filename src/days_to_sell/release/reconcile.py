"""The reconcile step: what Production names in the registry becomes what serves, once it is proven."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import (
    DaysToSellError,
    LeaseError,
    RegistryError,
    ReleaseError,
    StoppedError,
    TargetError,
)
from days_to_sell.release import alerts
from days_to_sell.release.canary.seam import able
from days_to_sell.release.canary.trial import Trial
from days_to_sell.release.machine.aides import Aides, aides_of_this_machine
from days_to_sell.release.machine.course import Course, SupersededError, is_final
from days_to_sell.release.machine.display import Display
from days_to_sell.release.machine.fence import Fence, FencedTarget
from days_to_sell.release.machine.journal import Journal
from days_to_sell.release.machine.key import VERIFY, Key
from days_to_sell.release.machine.past import Attempt, Past, rollback_to
from days_to_sell.release.machine.place import identity_of, lease_name, place_of
from days_to_sell.release.machine.steps import steps_of
from days_to_sell.release.machine.tenure import Tenure, hold
from days_to_sell.release.machine.works import Piece, Works, there
from days_to_sell.release.outcome import (
    FAILED,
    REFUSED,
    RELEASED,
    STATUS,
    Release,
    new_release,
    refused_tags,
    released_tags,
    releasing_tags,
    standing_release,
    to_body,
)
from days_to_sell.release.packages import Versions
from days_to_sell.release.replay import BATCH_ROWS
from days_to_sell.release.target import PREPROD, PRODUCTION, Deployment, Report, Target
from days_to_sell.scoring.engines import Engine, FindRuntime
from days_to_sell.scoring.predictor import Predictor

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion

# How often another version may come into Production while one is on its way, in one run.
TURNS = 20


def reconcile(
    registry: Versions,
    model: str,
    target: Target,
    *,
    workspace: Path,
    report: Report,
    environments: Sequence[str] = (PREPROD, PRODUCTION),
    batch_rows: int = BATCH_ROWS,
    engine: Engine = "auto",
    runtime: FindRuntime | None = None,
    aides: Aides | None = None,
) -> Release:
    """Make the target serve the version that is in Production, or leave what serves as it is.

    The way there is a row of steps, each written to the event log before and after. A run that is killed is
    continued by the next. The version is proven against its golden data by the scorer and over HTTP in each
    environment. Where it serves already, nothing is done.

    Args:
        registry: Where versions and their packages are.
        model: Name of the registered model.
        target: What serves.
        workspace: Directory for packages and state.
        report: Takes one line of progress.
        environments: Where to prove the version, in order; the last is production.
        batch_rows: Golden rows of one request; at most the service's own limit.
        engine: What is to compute the bundle; ``auto`` is Python where it knows every operator, else the JVM.
        runtime: Finds what the JVM engine is started from, where that is taken.
        aides: Who stands beside the release; a log in the workspace when not given.

    Raises:
        LeaseError: Another program releases this model here.
        StoppedError: The program was asked to end; the next run goes on.
        TargetError: A canary is asked of a target that serves one version at a time.
        DaysToSellError: The version was refused, or something failed; the log says why, and so do its tags.
    """
    aides = aides or aides_of_this_machine(workspace, report)
    if aides.canary:
        able(target)
    with (
        _on_this_machine(workspace),
        hold(
            aides.log,
            lease_name("release", model, place_of(workspace)),
            report=report,
            wait=aides.wait,
            seconds=aides.lease_seconds,
            stopping=aides.stopping,
        ) as tenure,
    ):
        fence = Fence(workspace / "fences", model, identity_of(aides.log))
        load = partial(Predictor, engine=engine, runtime=runtime)
        works = Works(
            registry,
            FencedTarget(target, fence, tenure),
            workspace,
            report,
            load,
            batch_rows,
            aides.trusted_keys,
            aides.publish,
            aides.store,
        )
        turn = _Turn(works, aides, tenure, model, place_of(workspace), tuple(environments), engine)
        for _ in range(TURNS):
            try:
                return turn.take()
            except SupersededError as error:
                report(f"{model}: {error}; looking again")
        raise RegistryError(f"{model}: each version was replaced in Production before it served; look again")


@contextmanager
def _on_this_machine(workspace: Path) -> Iterator[None]:
    """Turn what the machine refuses into one of ours: a full disk, a folder that is gone."""
    try:
        yield
    except OSError as error:
        raise TargetError(
            f"a release from {workspace} met {error}; what serves is as it was: mend that, and the release "
            "goes on"
        ) from error


@dataclass(frozen=True)
class _Turn:
    """A look at what is to serve and what does, and what follows from it."""

    works: Works
    aides: Aides
    tenure: Tenure
    model: str
    place: str
    environments: tuple[str, ...]
    engine: Engine

    def take(self) -> Release:
        past = Past.read(self.aides.log, self.model, self.place)
        serving = self.works.target.current(self.environments[-1])
        desired = self._desired(serving)
        left = past.unfinished
        if left is not None and (desired is None or left.key.version != desired.version):
            self._abandon(left, desired)
            left = None
        if desired is None:
            raise ReleaseError(
                f"no version of {self.model} is in Production; promote one, then release again"
            )
        if left is None:
            standing = standing_release(past.last_released, desired.version, serving, self.engine)
            if standing is not None:
                self.works.registry.bring_along(desired)
                self.works.report(
                    f"{self.model} version {desired.version} is released and serves already: nothing to do"
                )
                if desired.tags.get(STATUS) != RELEASED:
                    # Whoever released it was killed before it could say so here.
                    with self._display(desired) as display:
                        display.show(released_tags(standing))
                self._settled(Key(self.model, standing.version, standing.digest), "")
                return standing
        return self._release(desired, past, left)

    def _desired(self, serving: Deployment | None) -> ModelVersion | None:
        served = serving.version if serving and serving.model == self.model else None
        return self.works.registry.production(self.model, served)

    def _abandon(self, left: Attempt, desired: ModelVersion | None) -> None:
        """Undo what a release left half done whose version is not wanted any more."""
        reason = f"{f'version {desired.version}' if desired else 'none'} is in Production instead"
        self.works.report(f"the release of version {left.key.version} was not finished: {reason}")
        for environment in self.environments:
            serves = self.works.target.current(environment)
            mine = serves is not None and serves.version == left.key.version
            # What still answers is kept until the next version takes over, for nothing else may be there.
            if left.began(environment) and not mine:
                url = serves.url if serves else ""
                lost = Deployment(environment, url, self.model, left.key.version, left.key.digest)
                self.works.target.restore(lost)
        self._journal(left.id).gave_up(left.key, "", reason)

    def _release(self, desired: ModelVersion, past: Past, left: Attempt | None) -> Release:
        asked = self.aides.proven_before or rollback_to(
            self.aides.log, self.model, desired.version, self.place
        )
        before = past.release_of(desired.version) if asked else None
        # Its bytes were proven everywhere once; what counts now is how soon they answer again.
        places = self.environments[-1:] if before else self.environments
        for environment in places:
            self.works.target.reserve(self.model, environment)
        digest = before.digest if before else ""
        journal = self._journal(left.id if left else secrets.token_hex(8))
        piece = Piece(desired, digest, kept=before is not None)
        with self._display(desired) as display:
            course = Course(
                self.works,
                piece,
                steps_of(self.works, piece, places, None if before else self._trial(desired)),
                journal,
                left,
                self._admit,
                lambda: self._wanted(desired),
                self.aides.stopping,
                lambda step: display.show(releasing_tags(step)),
            )
            release = self._run(course, journal, display)
            display.show(released_tags(release))
            self.works.report(f"released: {release.model} version {release.version} serves at {release.url}")
            self._settled(piece.key, journal.release)
        return release

    def _run(self, course: Course, journal: Journal, display: Display) -> Release:
        piece = course.piece
        try:
            course.run()
            proof = there(piece.proof, "proof")
            deployment, artifact = there(piece.deployment, "deployment"), there(piece.artifact, "artifact")
            release = new_release(artifact, self.works.target.name, deployment, proof, piece.published)
            journal.released(piece.key, to_body(release))
        except SupersededError as error:
            journal.gave_up(piece.key, course.at, str(error))
            raise
        except (LeaseError, StoppedError):
            raise
        except DaysToSellError as error:
            self._fail(course, journal, display, error)
            raise
        return release

    def _display(self, version: ModelVersion) -> Display:
        return Display(self.works.registry, version, self.works.report)

    def _admit(self, version: ModelVersion, key: Key, report: Report) -> None:
        self.aides.admit(version, key, report)
        # Until now the two may differ; once the version serves, it would look as if the other had moved back.
        self.works.registry.bring_along(version)

    def _trial(self, desired: ModelVersion) -> Trial | None:
        watch = self.aides.canary
        if watch is None:
            return None

        def still() -> None:
            if self.aides.stopping():
                raise StoppedError(
                    f"{desired.model} version {desired.version}: stopped while it was tried out"
                )
            try:
                wanted = self._wanted(desired)
            except RegistryError as error:
                # What is tried out is not worse because the registry does not answer for a while.
                self.works.report(f"canary: the registry was not asked, {error}")
                return
            if not wanted:
                raise SupersededError(f"version {desired.version} is in Production no more")

        return Trial(able(self.works.target), watch, still, self.works.report)

    def _wanted(self, desired: ModelVersion) -> bool:
        now = self._desired(self.works.target.current(self.environments[-1]))
        return now is not None and now.version == desired.version

    def _fail(self, course: Course, journal: Journal, display: Display, error: DaysToSellError) -> None:
        """Tell of a failure, everywhere that still listens."""
        key, final = course.piece.key, is_final(error)
        status = REFUSED if final else FAILED
        self.works.report(f"{status}: {error}")
        told = course.before.failures if course.before else ()
        if final or (course.at, str(error)) not in told:
            try:
                journal.gave_up(key, course.at, str(error), passing=not final)
            except DaysToSellError as failure:
                self.works.report(f"the failure could not be written to the event log: {failure}")
            what = alerts.REFUSED if final else alerts.FAILED
            self.aides.alerts.send(what, key.model, key.version, str(error), _about(key, course.at))
        display.show(refused_tags(error, status))

    def _settled(self, key: Key, release: str) -> None:
        """Take it that all is well, and write that a rollback is done, if that is what this was."""
        self.aides.alerts.settle(self.model)
        asked = rollback_to(self.aides.log, self.model, key.version, self.place)
        if asked is None:
            return
        seconds = (datetime.now(UTC) - datetime.fromisoformat(asked.at)).total_seconds()
        self._journal(release).rolled_back(key, asked, seconds)
        self.works.report(f"rolled back to version {key.version} in {seconds:.1f} s")
        reason = str(asked.body.get("reason", ""))
        self.aides.alerts.send(alerts.ROLLED_BACK, key.model, key.version, reason, _about(key, VERIFY))

    def _journal(self, release: str) -> Journal:
        return Journal(self.aides.log, self.tenure, self.aides.actor, self.place, release, self.aides.told)


def _about(key: Key, step: str) -> dict[str, str]:
    return {"step": step, "digest": key.digest}
