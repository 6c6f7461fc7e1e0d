"""One release from step to step: written down before and after, and continued where an earlier run ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from days_to_sell.errors import (
    BundleError,
    CanaryError,
    ContractError,
    DaysToSellError,
    DeploymentError,
    GateError,
    LeaseError,
    PackageError,
    ProofError,
    ScoringError,
    StoppedError,
    TargetError,
)
from days_to_sell.release.machine.admission import Admit
from days_to_sell.release.machine.journal import Journal
from days_to_sell.release.machine.key import PACKAGE, PREPROD, PRODUCTION
from days_to_sell.release.machine.past import Attempt
from days_to_sell.release.machine.steps import Made, Step
from days_to_sell.release.machine.works import Piece, Works
from days_to_sell.release.target import bring_back_on_failure

# The same bytes will meet them again; what else there is may be gone at the next run.
FINAL = (
    GateError,
    PackageError,
    BundleError,
    ContractError,
    ScoringError,
    ProofError,
    CanaryError,
    DeploymentError,
)


class SupersededError(DaysToSellError):
    """Another version is to serve by now."""


def is_final(error: Exception) -> bool:
    """Tell a refusal from something that is down or in the way."""
    return isinstance(error, FINAL)


@dataclass
class Course:
    """The way of one version to production.

    Args:
        works: What the steps use.
        piece: The version.
        steps: The steps, in order.
        journal: Where they are written down.
        before: What was done of this release by an earlier run, if anything.
        admit: Asks the gates, once the bytes are known.
        wanted: Whether the version is still the one that is to serve.
        stopping: Whether this program was asked to end.
        show: Shows a step to people, on the version.
    """

    works: Works
    piece: Piece
    steps: tuple[Step, ...]
    journal: Journal
    before: Attempt | None
    admit: Admit
    wanted: Callable[[], bool]
    stopping: Callable[[], bool]
    show: Callable[[str], None]
    at: str = PACKAGE

    def run(self) -> None:
        """Take every step that is not done, in order.

        Raises:
            SupersededError: Another version is to serve by now.
            StoppedError: This program was asked to end.
            DaysToSellError: A step failed; what served before serves.
        """
        *_, production, verify = self.steps
        for step in self.steps[:-2]:
            self._look_up(step)
            self._take(step)
            if step.name == PACKAGE:
                self.admit(self.piece.version, self.piece.key, self.works.report)
        self._look_up(production)
        with self._on_trial():
            self._take(production)
            self._take(verify)

    def _look_up(self, step: Step) -> None:
        """See, before a step, that it is still to be taken."""
        self.at = step.name
        if self.stopping():
            raise StoppedError(
                f"{self.piece.version.model} version {self.piece.version.version}: stopped before "
                f"{step.name}; the next release goes on there"
            )
        if step.name in (PREPROD, PRODUCTION) and not self.wanted():
            raise SupersededError(f"version {self.piece.version.version} is in Production no more")

    def _take(self, step: Step) -> None:
        self.at = step.name
        made = self.before.made(step.name) if self.before else None
        if made is not None and step.stands(made):
            self.works.report(f"{step.name}: done before, and still so")
            return
        self.show(step.name)
        self.journal.started(self.piece.key, step.name)
        try:
            made = self._done(step)
        except DaysToSellError as error:
            self._note(step, error)
            raise
        self.journal.done(self.piece.key, step.name, made)

    def _done(self, step: Step) -> Made:
        try:
            return step.do()
        except OSError as error:
            raise TargetError(
                f"{step.name}: {error}; what serves is as it was: mend that, and the release goes on"
            ) from error

    def _note(self, step: Step, error: DaysToSellError) -> None:
        if isinstance(error, LeaseError):
            return
        try:
            told = error.told if isinstance(error, CanaryError) else {}
            self.journal.failed(self.piece.key, step.name, str(error), told)
        except DaysToSellError as failure:
            # The failure itself must reach the caller, whatever the log says to the row.
            self.works.report(f"the failure of {step.name} could not be written down: {failure}")

    def _on_trial(self) -> AbstractContextManager[None]:
        """Bring back what served before unless all within succeeds."""

        def restore() -> None:
            # Where the deployment itself failed, the target has done so already.
            if self.piece.deployment is not None:
                self.works.target.restore(self.piece.deployment)

        return bring_back_on_failure(restore)
