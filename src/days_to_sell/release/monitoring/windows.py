"""Windows: the rows between two looks, how far they drifted, and when that is often enough for an alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.looks import Counts, Look
from days_to_sell.release.monitoring.memory import Memory
from days_to_sell.scoring.profile import Drift, Profile


@dataclass(frozen=True)
class Rule:
    """When drift counts, and when it is an alarm: the same column in ``needed`` of the last ``of`` windows.

    Args:
        needed, of: N and M.
        psi: Population stability index, less what chance adds to a window of its size, above which a column
            drifted.
        min_rows: Rows of the smallest window; a look that finds fewer waits for more.
    """

    needed: int = 3
    of: int = 5
    psi: float = 0.2
    min_rows: int = 500

    def __post_init__(self) -> None:
        """Refuse a rule that always or never holds."""
        if not (1 <= self.needed <= self.of and self.psi > 0 and self.min_rows > 0):
            raise MonitorError(
                f"{self.needed} of {self.of} windows of {self.min_rows} rows above {self.psi:g} is no rule; "
                "choose 1 <= N <= M, and an index and rows above zero"
            )

    def drifted(self, drift: Drift) -> bool:
        """Whether a column drifted in one window, whatever its size: chance adds more to smaller ones."""
        return drift.psi - drift.psi_mean > self.psi and drift.psi > drift.psi_noise

    def standing(self, recent: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Name the columns that drifted often enough in the last windows, oldest first."""
        last = recent[-self.of :]
        names = dict.fromkeys(name for window in last for name in window)
        return tuple(name for name in names if sum(name in window for window in last) >= self.needed)


@dataclass(frozen=True)
class Window:
    """One judged window.

    Args:
        number: Counted from 1, for each version.
        rows: Rows that were answered in it.
        drifts: Distance from the training data by column.
        drifted: Columns that drifted in this window.
        standing: Columns for which the rule holds.
        raised: Those of them for which it did not hold before.
        restarted: Whether a service was started anew, so that some rows before it are not in any window.
    """

    number: int
    rows: int
    drifts: Mapping[str, Drift]
    drifted: tuple[str, ...]
    standing: tuple[str, ...]
    raised: tuple[str, ...]
    restarted: bool


def judge(
    profile: Profile, rule: Rule, memory: Memory, looks: Mapping[str, Look]
) -> tuple[Memory, Window | None]:
    """Make a window of what was counted since the last one.

    Args:
        profile: Of the version's package.
        rule: What counts as drift.
        memory: What is known from before.
        looks: A look at each service, by address.

    Returns:
        What to know next time, and the window; None while it has too few rows, and then nothing is forgotten.
    """
    grown = [look.after(memory.looks.get(url)) for url, look in looks.items()]
    counts = _summed([each for each, _ in grown], profile)
    found = window(profile, rule, memory, counts, restarted=any(restarted for _, restarted in grown))
    if found is None:
        return memory, None
    recent = (*memory.recent, found.drifted)[-rule.of :]
    return (
        replace(memory, window=found.number, looks=dict(looks), recent=recent, standing=found.standing),
        found,
    )


def window(
    profile: Profile, rule: Rule, memory: Memory, counts: Counts, *, restarted: bool = False
) -> Window | None:
    """Judge rows that are counted already.

    Args:
        profile: Of the version's package.
        rule: What counts as drift.
        memory: What is known from before.
        counts: Rows by bin, by column.
        restarted: Whether a service was started anew.
    """
    rows = {name: sum(each) for name, each in counts.items()}
    if min(rows.values()) < rule.min_rows:
        return None
    drifts = {name: histogram.drift_of(counts[name]) for name, histogram in profile.histograms}
    drifted = tuple(name for name, drift in drifts.items() if rule.drifted(drift))
    standing = rule.standing((*memory.recent, drifted))
    return Window(
        number=memory.window + 1,
        rows=max(rows.values()),
        drifts=drifts,
        drifted=drifted,
        standing=standing,
        raised=tuple(name for name in standing if name not in memory.standing),
        restarted=restarted,
    )


def _summed(counted: Sequence[Counts], profile: Profile) -> Counts:
    return {
        name: tuple(map(sum, zip(*(each[name] for each in counted), strict=True)))
        for name, _ in profile.histograms
    }
