"""The gates, asked once more before anything is built: a client of the plain database passes none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from days_to_sell.errors import GateError
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.log import EventLog, translated
from days_to_sell.release.machine.key import Key
from days_to_sell.release.target import Report

if TYPE_CHECKING:
    # Both bring MLflow or Spark along, which take seconds to import.
    from days_to_sell.registry.gates.door import Entrant
    from days_to_sell.registry.versions import ModelVersion
    from days_to_sell.spec import ModelSpec


class Evaluate(Protocol):
    """Evaluates the gates of a version and records what it finds."""

    def __call__(self, spec: ModelSpec, version: ModelVersion, incumbent: str | None) -> None:
        """Evaluate them against the version that it is to be compared with."""


class Admit(Protocol):
    """Says whether a version may be released."""

    def __call__(self, version: ModelVersion, key: Key, report: Report) -> None:
        """Raise a :class:`GateError` where it may not."""


@dataclass(frozen=True)
class Gates:
    """The door to Production, as the release asks it.

    Args:
        log: The event log, whose results count.
        evaluate: Evaluates what was not evaluated; where absent, that alone shuts the door.
    """

    log: EventLog
    evaluate: Evaluate | None = None

    def __call__(self, version: ModelVersion, key: Key, report: Report) -> None:
        """Ask the door; where a gate speaks against the version, look at all of them anew, and ask again.

        Raises:
            GateError: The version may not be released.
        """
        # Every model folder is loaded for it, and Spark with them.
        from days_to_sell.registry.gates.door import spec_of

        spec = spec_of(key.model)
        if spec is None:
            return
        incumbent = self._incumbent(key)
        reasons = self._refusals(spec, key, incumbent)
        if reasons and self.evaluate:
            report(f"gates of {key.model} version {key.version} are not green as recorded: evaluating them")
            self.evaluate(spec, version, incumbent.version if incumbent else None)
            reasons = self._refusals(spec, key, incumbent)
        if reasons:
            told = "\n".join(f"- {reason}" for reason in reasons)
            raise GateError(
                f"version {key.version} of {key.model} is in Production past its gates, "
                f"and is not released:\n{told}"
            )

    def refusals(self, key: Key, leaving: str | None) -> tuple[str, ...]:
        """Say what speaks against a version that is to replace another, without evaluating anything."""
        from days_to_sell.registry.gates.door import Entrant, spec_of

        spec = spec_of(key.model)
        if spec is None:
            return ()
        told = self.log.read(key.model, kinds=(Kind.RELEASED,)) + self.log.read(
            key.model, kinds=(Kind.PROMOTED,)
        )
        incumbent = Entrant(leaving, _digest_of(told, leaving)) if leaving else None
        return self._refusals(spec, key, incumbent)

    def _refusals(self, spec: ModelSpec, key: Key, incumbent: Entrant | None) -> tuple[str, ...]:
        from days_to_sell.registry.gates.door import Entrant, refusals

        candidate = Entrant(key.version, key.digest)
        engine = self.log.engine
        with translated(engine.url.render_as_string(hide_password=True)), engine.connect() as connection:
            return refusals(connection, self.log.workspace, spec, candidate, incumbent)

    def _incumbent(self, key: Key) -> Entrant | None:
        """Find whom a version is compared with: whom it replaced in Production, else what was released last.

        By now it is in Production itself. A gated store asked the door about the one before, and says so in
        the event of the promotion; who went past it left no such event.
        """
        from days_to_sell.registry.gates.door import Entrant

        told = self.log.read(key.model, kinds=(Kind.PROMOTED, Kind.RELEASED))
        promoted = [each for each in told if each.kind == Kind.PROMOTED]
        if promoted and (promoted[-1].version, promoted[-1].digest) == (key.version, key.digest):
            body = promoted[-1].body
            before = str(body.get("from") or "")
            digest = str(body.get("from_digest") or "") or _digest_of(told, before)
            return Entrant(before, digest) if before else None
        others = [each for each in told if each.kind == Kind.RELEASED and each.version != key.version]
        return Entrant(others[-1].version, others[-1].digest) if others else None


def _digest_of(events: list[Event], version: str) -> str:
    return next((each.digest for each in reversed(events) if each.version == version and each.digest), "")
