"""The profile of the training data: histograms of inputs and predictions, and how far others are from them.

Profiled are the raw columns but dates, the derived columns, and ``days``. A date alone drifts by nature, for
time goes on; what a model learns of it is a derived column, such as the age in months.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from days_to_sell.errors import PackageError
from days_to_sell.scoring.bins import Bins, NumberBins, TextBins
from days_to_sell.spec import PREDICTION

# Half a row in each bin keeps empty ones from dividing by zero (Krichevsky and Trofimov, 1981).
HALF_A_ROW = 0.5
CONFIDENCE = 0.99
MAX_FEATURES, MAX_ROWS = 1_000, 2**53


@dataclass(frozen=True)
class Histogram:
    """Rows counted by bin."""

    bins: Bins
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse counts that are not one for each bin."""
        if len(self.counts) != self.bins.size:
            raise ValueError(f"{len(self.counts)} counts for {self.bins.size} bins")
        if not all(type(count) is int and 0 <= count <= MAX_ROWS for count in self.counts):
            raise ValueError("counts must be whole numbers from zero")

    def drift_of(self, counts: Sequence[int]) -> Drift:
        """Compare other rows, counted into the same bins, with these.

        Args:
            counts: The other rows by bin; at least one row.
        """
        here, there = self.counts[: self.bins.ordered], counts[: self.bins.ordered]
        ordered = bool(sum(here) and sum(there))
        return Drift(
            rows=sum(counts),
            psi=psi(self.counts, counts),
            psi_mean=psi_mean(self.counts, counts),
            psi_noise=psi_noise(self.counts, counts),
            ks=ks(here, there) if ordered else None,
            ks_bound=ks_bound(sum(here), sum(there)) if ordered else None,
        )


@dataclass(frozen=True)
class Drift:
    """How far rows are from the training data in one column.

    Args:
        rows: Rows that were compared.
        psi: Population stability index.
        psi_mean: What chance alone adds to it, on average.
        psi_noise: What it stays below by chance alone, with 99 % confidence.
        ks: Kolmogorov-Smirnov distance of the values that are there; None without an order.
        ks_bound: What it stays below by chance alone, with 99 % confidence.
    """

    rows: int
    psi: float
    psi_mean: float
    psi_noise: float
    ks: float | None
    ks_bound: float | None


@dataclass(frozen=True)
class Profile:
    """Histograms of the training data.

    Args:
        rows: Rows of the training data.
        features: Histogram by column: raw columns but dates, then derived ones.
        prediction: Histogram of the model's own ``days`` for the same rows.
    """

    rows: int
    features: Mapping[str, Histogram]
    prediction: Histogram

    def __post_init__(self) -> None:
        """Refuse predictions that are no numbers, and a feature that has their name."""
        if not self.edges or PREDICTION in self.features:
            raise ValueError(f"{PREDICTION} must be the prediction, a number")

    @property
    def edges(self) -> tuple[float, ...]:
        """Edges of the bins of ``days``."""
        bins = self.prediction.bins
        return bins.edges if isinstance(bins, NumberBins) else ()

    @property
    def histograms(self) -> Iterator[tuple[str, Histogram]]:
        """Every histogram by column; ``days``, which no feature may be called, comes last."""
        yield from self.features.items()
        yield PREDICTION, self.prediction

    def to_dict(self) -> dict[str, Any]:
        """Write the profile as JSON-ready values."""
        return {
            "rows": self.rows,
            "features": [{"name": name, **_to_dict(found)} for name, found in self.features.items()],
            "prediction": _to_dict(self.prediction),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Profile:
        """Read a profile back; nothing in it is trusted.

        Raises:
            PackageError: A part is missing, or is not what a profile holds.
        """
        try:
            rows, listed = raw["rows"], raw["features"]
            features = {str(each["name"]): _from_dict(each) for each in listed}
            profile = cls(rows, features, _from_dict(raw["prediction"]))
            if len(features) != len(listed) or len(features) > MAX_FEATURES:
                raise ValueError(f"features must be at most {MAX_FEATURES} columns, each once")
            if any(sum(found.counts) != rows for _, found in profile.histograms):
                raise ValueError(f"the counts of a column do not add up to {rows} rows")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise PackageError(f"the profile is damaged: {error}; build the package again") from error
        return profile


def psi(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Population stability index, ``sum (a - e) ln(a / e)`` over shares: the Jeffreys divergence.

    Siddiqi, Credit Risk Scorecards, 2006: under 0.1 stable, over 0.25 another population. Bins that are empty
    on both sides say nothing; to the others half a row is added, so that each share is above zero.

    Args:
        expected: Rows by bin of the training data.
        actual: Rows by bin that are compared with it.
    """
    pairs = _occupied(expected, actual)
    added = HALF_A_ROW * len(pairs)
    of_expected, of_actual = sum(expected) + added, sum(actual) + added
    shares = (((e + HALF_A_ROW) / of_expected, (a + HALF_A_ROW) / of_actual) for e, a in pairs)
    return sum((a - e) * math.log(a / e) for e, a in shares)


def psi_mean(expected: Sequence[int], actual: Sequence[int]) -> float:
    """What the index of two samples of one population is on average: ``(bins - 1) (1/n + 1/m)``.

    Args:
        expected: Rows by bin of the training data.
        actual: Rows by bin that are compared with it.
    """
    return _freedom(expected, actual) * (1 / sum(expected) + 1 / sum(actual))


def psi_noise(expected: Sequence[int], actual: Sequence[int], confidence: float = CONFIDENCE) -> float:
    """What the index of two samples of one population stays below.

    It is distributed as ``1/n + 1/m`` times chi-squared with one degree of freedom less than bins (Yurdakul,
    Statistical Properties of Population Stability Index, 2018), whose quantile is here Wilson and Hilferty's
    (1931).

    Args:
        expected: Rows by bin of the training data.
        actual: Rows by bin that are compared with it.
        confidence: The quantile.
    """
    freedom = _freedom(expected, actual)
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    root = 1 - spread + NormalDist().inv_cdf(confidence) * math.sqrt(spread)
    return freedom * math.pow(root, 3) * (1 / sum(expected) + 1 / sum(actual))


def ks(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Kolmogorov-Smirnov distance, the largest between two cumulative distributions, seen at the edges only.

    Args:
        expected: Rows by bin, in order, with at least one row.
        actual: Rows by the same bins, likewise.
    """
    of_expected, of_actual, distance, e, a = sum(expected), sum(actual), 0.0, 0, 0
    for here, there in zip(expected, actual, strict=True):
        e, a = e + here, a + there
        distance = max(distance, abs(e / of_expected - a / of_actual))
    return distance


def ks_bound(expected_rows: int, actual_rows: int, confidence: float = CONFIDENCE) -> float:
    """What the distance of two samples of one population stays below (Smirnov, 1948); less on bins."""
    constant = math.sqrt(-math.log((1 - confidence) / 2) / 2)
    return constant * math.sqrt(1 / expected_rows + 1 / actual_rows)


def _freedom(expected: Sequence[int], actual: Sequence[int]) -> int:
    return len(_occupied(expected, actual)) - 1


def _occupied(expected: Sequence[int], actual: Sequence[int]) -> list[tuple[int, int]]:
    if not (sum(expected) and sum(actual)):
        raise ValueError("there is nothing to compare: one side has no rows")
    return [pair for pair in zip(expected, actual, strict=True) if any(pair)]


def _to_dict(found: Histogram) -> dict[str, Any]:
    match found.bins:
        case NumberBins(edges):
            return {"edges": list(edges), "counts": list(found.counts)}
        case TextBins(apart, others):
            return {"apart": list(apart), "others": list(others), "counts": list(found.counts)}


def _from_dict(raw: Mapping[str, Any]) -> Histogram:
    bins: Bins
    if "edges" in raw:
        bins = NumberBins(tuple(float(edge) for edge in raw["edges"]))
    else:
        bins = TextBins(tuple(raw["apart"]), tuple(raw["others"]))
    return Histogram(bins, tuple(raw["counts"]))
