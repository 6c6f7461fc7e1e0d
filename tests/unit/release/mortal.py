"""A program that dies at a chosen moment, as by ``kill -9``: from then on, nothing it does has any effect."""

from __future__ import annotations

from dataclasses import dataclass, field

from days_to_sell.registry.events.event import Event, Kind, NewEvent
from days_to_sell.registry.events.leases import Lease
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.target import Artifact, Deployment
from days_to_sell.scoring.package import ModelPackage
from tests.unit.release.fakes import ThreadTarget


class DeathError(BaseException):
    """The program is dead; no handler of errors has a part in that."""


@dataclass
class Life:
    """The life of one program.

    Args:
        end: The moment at which it ends; empty for never.
    """

    end: str = ""
    dead: bool = False
    moments: list[str] = field(default_factory=list)

    def reach(self, moment: str) -> None:
        """Live on, unless this is the moment, or it has passed."""
        self.moments.append(moment)
        if self.dead or moment == self.end:
            self.dead = True
            raise DeathError(moment)


class MortalLog(EventLog):
    """The event log, as a program uses it that may die right before or after it writes a row."""

    def __init__(self, log: EventLog, life: Life) -> None:
        super().__init__(log.engine, log.workspace)
        self._life = life
        self.taken: list[Lease] = []

    def append(self, new: NewEvent, lease: Lease | None = None) -> Event:
        """Write a row."""
        if lease is not None and lease not in self.taken:
            self.taken.append(lease)
        moment = f"{new.body.get('step')} {new.body.get('state')}" if new.kind == Kind.STEP else str(new.kind)
        self._life.reach(f"before {moment}")
        event = super().append(new, lease)
        self._life.reach(f"after {moment}")
        return event


@dataclass
class MortalTarget:
    """The target, as a program uses it that may die right after it changed something there."""

    world: ThreadTarget
    life: Life
    name: str = "thread"

    def reserve(self, model: str, environment: str) -> None:
        """Ask who holds the port."""
        self.life.reach(f"reserve {environment}")
        self.world.reserve(model, environment)

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Build an image, unless it is there."""
        artifact = self.world.prepare(package, version, engine, kept=kept)
        self.life.reach("prepared")
        return artifact

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Serve the artifact."""
        deployment = self.world.deploy(artifact, environment)
        self.life.reach(f"deployed {environment}")
        return deployment

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate the proven one."""
        self.world.confirm(candidate)
        self.life.reach(f"confirmed {candidate.environment}")

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Serve what was proven."""
        self.life.reach(f"restore {candidate.environment}")
        return self.world.restore(candidate)

    def current(self, environment: str) -> Deployment | None:
        """Ask the address."""
        return self.world.current(environment)

    def started(self) -> tuple[Deployment, ...]:
        """List what serves."""
        return self.world.started()

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """End what serves."""
        return self.world.stop(environment)
