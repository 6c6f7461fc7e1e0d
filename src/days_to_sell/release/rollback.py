"""Rollback: an earlier version that was released here is Production again, and answers again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import DaysToSellError, ReleaseError
from days_to_sell.registry.events.event import Event, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.key import FAILED, ROLLBACK, STARTED, Key, key_of
from days_to_sell.release.machine.past import Past
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.packages import Versions
from days_to_sell.release.target import Report

Refusals = Callable[[Key, str | None], Sequence[str]]


@dataclass(frozen=True)
class Rollback:
    """One return to an earlier version.

    Args:
        registry: Where versions are.
        model: Name of the registered model.
        workspace: Directory of the place that is deployed to.
        aides: Who stands beside a release.
        refusals: Says what speaks, at the door to Production, against a version that replaces another.
        reconcile: Makes what serves equal to what is in Production.
        report: Takes one line of progress.
    """

    registry: Versions
    model: str
    workspace: Path
    aides: Aides
    refusals: Refusals
    reconcile: Callable[[], Release]
    report: Report

    def run(self, reason: str, to: str | None = None) -> Release:
        """Make the previous good version Production, and serve it from what was kept.

        It is written down first. Should this program be killed, or a daemon be quicker, then whoever releases
        next finds that, goes the short way, and writes down that it is done.

        Args:
            reason: Why, in the words of whoever asked for it.
            to: Version to go back to; the one that was released before if absent.

        Raises:
            ReleaseError: There is no such version, or somebody promoted another one meanwhile.
            DaysToSellError: The registry or the target did not do what it was asked.
        """
        place = place_of(self.workspace)
        now = self.registry.production(self.model, self._serving(place))
        leaving = now.version if now else None
        chosen = good_version(self.aides.log, self.model, place, leaving, to)
        version = self.registry.version(self.model, chosen.version)
        told = {"from": leaving, "to": chosen.version, "reason": reason, "place": place}
        self._write(chosen, {**told, "state": STARTED})
        try:
            self._open_the_door(chosen, leaving, reason)
            instead = f" instead of {leaving}" if leaving else ""
            self.report(f"{self.model}: version {chosen.version} goes to Production{instead}")
            self.registry.put_in_production(version)
        except DaysToSellError as error:
            self._write(chosen, {**told, "state": FAILED, "why": str(error)})
            raise
        done = self.reconcile()
        if done.version != chosen.version:
            raise ReleaseError(
                f"{self.model}: version {done.version} serves, because it was promoted after the rollback to "
                f"{chosen.version}; look who wants it: days-to-sell history {self.model}"
            )
        return done

    def _serving(self, place: str) -> str | None:
        last = Past.read(self.aides.log, self.model, place).last_released
        return last.version if last else None

    def _open_the_door(self, chosen: Event, leaving: str | None, reason: str) -> None:
        """Let the version pass on the ground that these very bytes were released here before.

        Gates that compare are about the version that is to leave; waiting for them to be evaluated would
        leave a bad version in place for longer than anybody wants.
        """
        against = self.refusals(key_of(chosen), leaving)
        if not against:
            return
        body = {
            "reason": f"rollback: {reason}",
            "ground": f"released as event {chosen.number}",
            "against": list(against),
        }
        self.aides.log.append(
            NewEvent(self.model, Kind.OVERRIDE, self.aides.actor, chosen.version, chosen.digest, body)
        )
        self.report(f"version {chosen.version} passes its gates as one that was released before")

    def _write(self, chosen: Event, body: dict[str, str | None]) -> None:
        whole = {**body, "step": ROLLBACK, "key": str(key_of(chosen))}
        self.aides.log.append(
            NewEvent(self.model, Kind.STEP, self.aides.actor, chosen.version, chosen.digest, whole)
        )


def good_version(log: EventLog, model: str, place: str, leaving: str | None, to: str | None) -> Event:
    """Find the release to go back to.

    Args:
        log: The event log.
        model: Name of the registered model.
        place: Name of the place that is deployed to.
        leaving: Version that is in Production now.
        to: Version to go back to; if absent, the one that was released last before the one that leaves, and
            that nobody has rolled back from since.

    Returns:
        The event of its last release.

    Raises:
        ReleaseError: There is none.
    """
    released = Past.read(log, model, place).released
    if to is not None:
        named = [each for each in released if each.version == to]
        if not named:
            raise ReleaseError(
                f"version {to} of {model} was never released here, so nothing of it is known to be good; "
                f"promote it, and release it: days-to-sell release {model}"
            )
        if to == leaving:
            raise ReleaseError(f"version {to} of {model} is in Production; there is nothing to go back from")
        return named[-1]
    undone = [each for each in log.read(model, kinds=(Kind.ROLLED_BACK,)) if each.body.get("place") == place]
    for event in reversed(released):
        bad = any(each.body.get("from") == event.version and each.number > event.number for each in undone)
        if event.version != leaving and not bad:
            return event
    raise ReleaseError(
        f"no version of {model} was released here before {leaving or 'this'} that nobody rolled back from; "
        f"name one: days-to-sell rollback {model} --to VERSION --reason TEXT"
    )
