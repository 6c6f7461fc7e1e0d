"""The watch: one look at what serves, from the registry's version to a judged and logged window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
    """

    window: Window | None
    standing: tuple[str, ...]
    alarm: Alarm | None


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
    _fetched: dict[str, ModelPackage] = field(default_factory=dict, compare=False, repr=False)

    def look(self, version: ModelVersion) -> Seen:
        """Look at the services of a version once.

        The window is logged before the state is written: a monitor that is interrupted in between logs the
        same step again, and loses nothing. An alarm that is raised stands only once it is acknowledged, so
        that one whose consequences were interrupted is raised again.

        Raises:
            MonitorError: A service cannot be watched, or serves something else.
            PackageError: The version's package is damaged.
        """
        package, profile, memory = self._known(version)
        looks = {url: look_at(url, package, profile, version.version) for url in self._addresses(version)}
        memory, window = judge(profile, self.rule, memory, looks)
        if window is None:
            return Seen(None, memory.standing, None)
        memory = self._opened(memory, version)
        self.runs.log_window(memory.run_id, window)
        kept = tuple(name for name in window.standing if name not in window.raised)
        write_memory(self._path, replace(memory, standing=kept))
        alarm = None
        if window.raised:
            alarm = Alarm(self.model, version.version, window.raised, window.number, memory.run_id)
        return Seen(window, window.standing, alarm)

    def acknowledge(self, version: ModelVersion, alarm: Alarm) -> None:
        """Note that what follows an alarm has been done."""
        _, _, memory = self._known(version)
        standing = tuple(dict.fromkeys((*memory.standing, *alarm.columns)))
        write_memory(self._path, replace(memory, standing=standing))

    def follow_up(self, version: ModelVersion) -> Live | None:
        """Judge outcomes that were not judged before, if there is a lake to find them in.

        Raises:
            DaysToSellError: The lake or its data cannot be used.
        """
        package, _, memory = self._known(version)
        live = self.outcomes(package, memory.outcomes) if self.outcomes else None
        if live:
            memory = replace(self._opened(memory, version), outcomes=live.snapshot)
            self.runs.log(memory.run_id, live.metrics, memory.window)
            write_memory(self._path, memory)
        return live

    @property
    def _path(self) -> Path:
        return self.workspace / f"{slug(self.model)}.json"

    def _known(self, version: ModelVersion) -> tuple[ModelPackage, Profile, Memory]:
        package = self._package(version)
        profile = _profile(package, version)
        return package, profile, read_memory(self._path, package.digest, profile)

    def _opened(self, memory: Memory, version: ModelVersion) -> Memory:
        if memory.run_id:
            return memory
        run_id = self.runs.open(version, memory.digest)
        self.registry.tag(version, {"monitor.run_id": run_id})
        return replace(memory, run_id=run_id)

    def _package(self, version: ModelVersion) -> ModelPackage:
        # A version never changes, so looking every minute need not download it every minute.
        if version.version not in self._fetched:
            self._fetched[version.version] = fetch_package(self.registry, version, self.workspace)
        return self._fetched[version.version]

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
