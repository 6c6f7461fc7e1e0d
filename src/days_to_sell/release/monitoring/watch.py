"""The watch: one look at what serves, from the registry's version to a judged and logged window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import MonitorError
from days_to_sell.registry.versions import ModelVersion
from days_to_sell.release.monitoring.alarms import Alarm
from days_to_sell.release.monitoring.looks import look_at
from days_to_sell.release.monitoring.memory import Memory, read_memory, write_memory
from days_to_sell.release.monitoring.runs import MonitorRuns
from days_to_sell.release.monitoring.windows import Rule, Window, judge
from days_to_sell.release.names import slug
from days_to_sell.release.packages import Versions, fetch_package
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.profile import Profile

if TYPE_CHECKING:
    # It brings Spark along, which only those need who give a lake.
    from days_to_sell.release.monitoring.outcomes import Live


@dataclass(frozen=True)
class Seen:
    """What one look found.

    Args:
        window: The window that it closed; None while there are too few rows.
        standing: Columns for which the alarm holds.
        alarm: The alarm that this look raised, if any.
        live: Outcomes that had not been judged before, if any.
    """

    window: Window | None
    standing: tuple[str, ...]
    alarm: Alarm | None
    live: Live | None


@dataclass(frozen=True)
class Watch:
    """Watches the services of one registered model.

    Args:
        registry: Where versions and their packages are.
        runs: Where windows are logged.
        model: Name of the registered model.
        rule: What counts as drift.
        workspace: Folder for the state and fetched packages.
        urls: Addresses of the services; where the version was released to when empty.
        outcomes: Judges what became of adverts, given the package and the snapshot that was judged before;
            None where there is no lake to find it in.
    """

    registry: Versions
    runs: MonitorRuns
    model: str
    rule: Rule
    workspace: Path
    urls: Sequence[str] = ()
    outcomes: Callable[[ModelPackage, str], Live | None] | None = None

    def look(self, version: ModelVersion) -> Seen:
        """Look at the services of a version once.

        The window is logged before the state is written: a monitor that is interrupted in between logs the
        same step again, and loses nothing.

        Raises:
            MonitorError: A service cannot be watched, or serves something else.
            PackageError: The version's package is damaged.
        """
        package = fetch_package(self.registry, version, self.workspace)
        profile = _profile(package, version)
        path = self.workspace / f"{slug(self.model)}.json"
        memory = read_memory(path, package.digest, profile)
        looks = {url: look_at(url, package, profile, version.version) for url in self._addresses(version)}
        memory, window = judge(profile, self.rule, memory, looks)
        if window:
            memory = self._opened(memory, version)
            self.runs.log_window(memory.run_id, window)
            write_memory(path, memory)
        # Drift is told first: a lake with bad data does not silence it.
        live = self.outcomes(package, memory.outcomes) if self.outcomes else None
        if live:
            memory = replace(self._opened(memory, version), outcomes=live.snapshot)
            self.runs.log(memory.run_id, live.metrics, memory.window)
            write_memory(path, memory)
        alarm = None
        if window and window.raised:
            alarm = Alarm(self.model, version.version, window.raised, window.number, memory.run_id)
        return Seen(window, memory.standing, alarm, live)

    def _opened(self, memory: Memory, version: ModelVersion) -> Memory:
        if memory.run_id:
            return memory
        run_id = self.runs.open(version, memory.digest)
        self.registry.tag(version, {"monitor.run_id": run_id})
        return replace(memory, run_id=run_id)

    def _addresses(self, version: ModelVersion) -> Sequence[str]:
        if self.urls:
            return self.urls
        released = version.tags.get("release.url")
        if not released:
            raise MonitorError(
                f"version {version.version} of {self.model} says nothing of where it serves; give --url, or "
                f"release it: days-to-sell release {self.model}"
            )
        return (released,)


def _profile(package: ModelPackage, version: ModelVersion) -> Profile:
    if package.profile is None:
        raise MonitorError(
            f"version {version.version} of {version.model} was packaged before packages had a profile of "
            "their training data, so drift cannot be told; train it again"
        )
    return package.profile
