"""Who stands beside a release: the log, the gates, the alerts, and whoever may ask it to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.registry.events.event import Actor, Event
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.place import FILE, whoever_runs_this
from days_to_sell.release.alerts import Alerts
from days_to_sell.release.canary.watch import Watch
from days_to_sell.release.machine.admission import Admit, Gates
from days_to_sell.release.machine.tenure import LEASE_SECONDS, WAIT_SECONDS
from days_to_sell.release.machine.works import Publish, Store
from days_to_sell.release.target import Report


@dataclass(frozen=True)
class Aides:
    """What a release asks and tells, beside the registry and the target.

    Args:
        log: The event log.
        admit: Asks the gates.
        alerts: Tells of refusals, failures and rollbacks.
        actor: Who releases.
        publish: Publishes images; absent where no image registry is named.
        store: Puts packages where they are kept by digest; absent where no such place is named.
        trusted_keys: Keys of which one must have signed a package, where any are named.
        wait: How long to wait for another release of the model; ``None`` waits as long as it takes.
        lease_seconds: How long the right to act lasts when it is not renewed.
        stopping: Whether this program was asked to end.
        told: Takes each event that is written.
        canary: Judges versions on a share of the requests; absent where they get all of them at once.
        proven_before: Whether the version was released here before with these bytes, and may go the short
            way of a rollback.
    """

    log: EventLog
    admit: Admit
    alerts: Alerts
    actor: Actor = field(default_factory=whoever_runs_this)
    publish: Publish | None = None
    store: Store | None = None
    trusted_keys: Path | None = None
    wait: float | None = WAIT_SECONDS
    lease_seconds: float = LEASE_SECONDS
    stopping: Callable[[], bool] = lambda: False
    told: Callable[[Event], None] = lambda event: None
    canary: Watch | None = None
    proven_before: bool = False


def aides_of_this_machine(workspace: Path, report: Report) -> Aides:
    """Make do with a log in the workspace, and gates that are only looked up there."""
    workspace.mkdir(parents=True, exist_ok=True)
    log = EventLog.open(f"sqlite:///{workspace.resolve() / FILE}")
    return Aides(log, Gates(log), Alerts("", report))
