"""How surely drift is found, how soon, and how often nothing is taken for drift.

Rows come from the example's market and are counted into a profile as the service counts them; windows of them
are judged by the monitor's own code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from bench.part import Findings, Task, table
from bench.shifts import CASES, Case, Columns, Random, columns_of, draw
from days_to_sell.models.days_to_sell.example.market import Market, open_market
from days_to_sell.models.days_to_sell.example.offers import BLOCK_DAYS, WINDOW_DAYS
from days_to_sell.release.monitoring.memory import Memory
from days_to_sell.release.monitoring.windows import Rule, window
from days_to_sell.scoring.bins import Bins, NumberBins, TextBins
from days_to_sell.scoring.profile import Drift, Histogram, Profile
from days_to_sell.spec import PREDICTION
from days_to_sell.spec.contract import MAX_CATEGORIES
from days_to_sell.training.learn import APART, QUANTILES, edges_of

Ints = npt.NDArray[np.int64]
Series = Sequence[Mapping[str, Drift]]

ADVERTS, SEED = 100_000, 20
BLOCKS = range(540, 540 + WINDOW_DAYS // BLOCK_DAYS)
MONTHS = 12
SIZES = (250, 500, 2_000, 10_000)
RULES = (Rule(psi=0.1), Rule())
SERIES, WINDOWS, QUIET_WINDOWS = 200, 5, 20
# Windows of this size and above have to find what has to be found, by the rule that is the default.
ENOUGH_ROWS, FOUND, FALSE = 500, 0.95, 0.01


@dataclass(frozen=True)
class Rates:
    """What a rule made of many series of windows.

    Args:
        drifted: Share of windows in which any column drifted.
        alarms: Share of series that raised an alarm.
        after: Windows until the alarm, median of those that raised one.
        column: The column that raised it most often.
    """

    drifted: float
    alarms: float
    after: float | None
    column: str

    @classmethod
    def of(cls, rule: Rule, found: Sequence[Series]) -> Rates:
        """Apply a rule to every series."""
        drifted, after, by = [], [], Counter[str]()
        for series in found:
            recent = [tuple(name for name, drift in each.items() if rule.drifted(drift)) for each in series]
            drifted += [bool(names) for names in recent]
            for number in range(1, len(recent) + 1):
                standing = rule.standing(recent[:number])
                if standing:
                    after.append(number)
                    by.update(standing)
                    break
        (first, _), *_ = by.most_common(1) or [("", 0)]
        return cls(float(np.mean(drifted)), len(after) / len(found), median(after) if after else None, first)

    @property
    def cells(self) -> tuple[str, str]:
        """Show both shares."""
        return f"{self.drifted:.1%}", f"{self.alarms:.1%}"


def run(task: Task) -> Findings:
    """Measure rates of detection and of false alarms, for windows of several sizes."""
    market = open_market(task.adverts or ADVERTS, SEED)
    bins, profile = _learn(columns_of(market, draw(market, SEED, BLOCKS)))
    task.report(f"profile of {profile.rows:,} cars, {len(profile.features)} columns and {PREDICTION}")
    fresh = draw(market, SEED + 1, BLOCKS)
    lines: list[tuple[str, ...]] = []
    figures: dict[str, Mapping[str, object]] = {}
    missed: list[str] = []
    for number, case in enumerate(CASES):
        random = np.random.default_rng([SEED, number])
        binned = _binned(case.columns(market, fresh, random), bins)
        for size in SIZES:
            found = list(_series(case, profile, binned, size, random))
            rates = [Rates.of(rule, found) for rule in RULES]
            lines.append(_line(case if size == SIZES[0] else None, size, rates))
            figures[f"{case.name}; {size} rows"] = {
                f"psi_{rule.psi}": vars(rate) for rule, rate in zip(RULES, rates, strict=True)
            }
            missed += _missed(case, size, rates[-1])
        task.report(f"{case.name}: done")
    months = list(_months(market, profile, bins))
    figures["as time passes"] = {str(month): psi for month, _, psi in months}
    return Findings(figures, [*_explained(), *table(HEADER, lines), "", *_told(months)], missed)


HEADER = (
    "what is different",
    "rows a window",
    *(f"{what} at {rule.psi}" for rule in RULES for what in ("drifted", "alarm")),
    "after windows",
    "by",
)


def _explained() -> Iterator[str]:
    rule = Rule()
    yield f"drifted: share of windows in which a column's index less chance is above 0.1 or {rule.psi}"
    yield (
        f"alarm: share of {SERIES} series of {WINDOWS} windows ({QUIET_WINDOWS} where nothing is different) "
        f"in which one column drifted in {rule.needed} of {rule.of}"
    )
    yield f"after windows, by: until the alarm at {rule.psi}, median, and which column raised it most"
    yield ""


def _line(case: Case | None, size: int, rates: Sequence[Rates]) -> tuple[str, ...]:
    after = rates[-1].after
    return (
        case.name if case else "",
        f"{size:,}",
        *(cell for rate in rates for cell in rate.cells),
        "-" if after is None else f"{after:g}",
        rates[-1].column or "-",
    )


def _missed(case: Case, size: int, rates: Rates) -> Iterator[str]:
    if case.found and size >= ENOUGH_ROWS and rates.alarms < FOUND:
        yield f"{case.name}: found in {rates.alarms:.0%} of series with {size} rows, not in {FOUND:.0%}"
    if case.found is False and rates.alarms > FALSE:
        yield f"{case.name}: alarm in {rates.alarms:.1%} of series with {size} rows, above {FALSE:.0%}"


def _series(
    case: Case, profile: Profile, binned: Mapping[str, Ints], size: int, random: Random
) -> Iterator[Series]:
    """Judge windows of rows drawn at random."""
    rule = Rule(min_rows=size)
    for _ in range(SERIES):
        series = []
        for _ in range(QUIET_WINDOWS if case.found is False else WINDOWS):
            chosen = random.integers(0, len(binned[PREDICTION]), size)
            found = window(profile, rule, Memory(""), _counts(binned, profile, chosen))
            if found is not None:
                series.append(found.drifts)
        yield series


def _months(
    market: Market, profile: Profile, bins: Mapping[str, Bins]
) -> Iterator[tuple[int, int, Mapping[str, float]]]:
    """Judge the cars of each month after training, as the market goes on by itself."""
    for month in range(1, MONTHS + 1):
        block = BLOCKS.stop + month - 1
        binned = _binned(columns_of(market, draw(market, SEED, range(block, block + 1))), bins)
        counts = _counts(binned, profile, slice(None))
        yield (
            month,
            len(binned[PREDICTION]),
            {name: found.drift_of(counts[name]).psi for name, found in profile.histograms},
        )


def _told(months: Sequence[tuple[int, int, Mapping[str, float]]]) -> Iterator[str]:
    yield "the same market as time passes, largest index of each month of 32 days after training:"
    for month, rows, psi in months:
        first = max(psi, key=lambda name: psi[name])
        yield f"  month {month:>2}: {psi[first]:.3f} {first} ({rows:,} rows)"


def _learn(columns: Columns) -> tuple[dict[str, Bins], Profile]:
    """Learn a profile as training does."""
    bins: dict[str, Bins] = {}
    for name, values in columns.items():
        if values.dtype == object:
            ranked = [
                text for text, _ in sorted(Counter(values).items(), key=lambda each: (-each[1], each[0]))
            ]
            bins[name] = TextBins(tuple(ranked[:APART]), tuple(ranked[APART:MAX_CATEGORIES]))
        else:
            known = values[~np.isnan(values)]
            inner = [float(edge) for edge in np.quantile(known, QUANTILES)]
            bins[name] = NumberBins(edges_of(float(known.min()), inner, float(known.max())))
    binned = _binned(columns, bins)
    counted = {
        name: Histogram(each, tuple(np.bincount(binned[name], minlength=each.size).tolist()))
        for name, each in bins.items()
    }
    prediction = counted.pop(PREDICTION)
    return bins, Profile(len(columns[PREDICTION]), counted, prediction)


def _binned(columns: Columns, bins: Mapping[str, Bins]) -> dict[str, Ints]:
    finders = {name: each.finder() for name, each in bins.items()}
    return {name: np.array([finders[name](value) for value in values]) for name, values in columns.items()}


def _counts(binned: Mapping[str, Ints], profile: Profile, chosen: Ints | slice) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(np.bincount(binned[name][chosen], minlength=found.bins.size).tolist())
        for name, found in profile.histograms
    }
