"""Gates: what a version has to hold before it may go to Production, as values that a spec declares."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from days_to_sell.errors import SpecError

Metric = Literal["c_index", "c_index_ipcw", "integrated_brier", "mae_days"]
# Whether a higher figure is the better one.
HIGHER_IS_BETTER: dict[str, bool] = {
    "c_index": True,
    "c_index_ipcw": True,
    "integrated_brier": False,
    "mae_days": False,
}


@dataclass(frozen=True)
class IntegrityGreen:
    """Every check of the data that it was trained on passed."""

    name: ClassVar[str] = "integrity"
    relative: ClassVar[bool] = False


@dataclass(frozen=True)
class Documented:
    """It has a signature, a request contract and golden data.

    Args:
        golden_rows: Fewest golden rows.
    """

    name: ClassVar[str] = "documented"
    relative: ClassVar[bool] = False
    golden_rows: int = 1

    def __post_init__(self) -> None:
        """Refuse a gate that asks for no golden row."""
        _require(
            self.golden_rows >= 1, f"{self.name} asks for {self.golden_rows} golden rows; ask for 1 or more"
        )


@dataclass(frozen=True)
class BetterThanBaselines:
    """On the test fold it does better than Kaplan-Meier curves, overall and by segment.

    Args:
        metric: Figure that is compared.
    """

    name: ClassVar[str] = "baselines"
    relative: ClassVar[bool] = False
    metric: Metric = "integrated_brier"

    def __post_init__(self) -> None:
        """Refuse a metric that is none."""
        _check_metric(self.name, self.metric)


@dataclass(frozen=True)
class EnginesAgree:
    """Golden data is answered as Spark answered it, by the scorer in Python and by MLeap's runtime in a JVM.

    Args:
        jvm: Whether a JVM has to have answered too; without, the scorer in Python alone decides.
    """

    name: ClassVar[str] = "engines"
    relative: ClassVar[bool] = False
    jvm: bool = False


@dataclass(frozen=True)
class ScoringCost:
    """A row is scored within a budget, as a multiple of a loop that is timed beside it.

    Args:
        most: Largest multiple of the time in which Python adds up a thousand numbers.
    """

    name: ClassVar[str] = "cost"
    relative: ClassVar[bool] = False
    most: float = 100.0

    def __post_init__(self) -> None:
        """Refuse a budget that is none."""
        _check_budget(self.name, self.most)


@dataclass(frozen=True)
class BundleSize:
    """The bundle is no larger than a budget.

    Args:
        most_mib: Largest size in MiB.
    """

    name: ClassVar[str] = "size"
    relative: ClassVar[bool] = False
    most_mib: float = 64.0

    def __post_init__(self) -> None:
        """Refuse a budget that is none."""
        _check_budget(self.name, self.most_mib)


@dataclass(frozen=True)
class ContractCompatible:
    """Requests that the incumbent answers are answered, in the same sense.

    Args:
        breaking: Whether this spec declares a new major version of the contract, which may break.
    """

    name: ClassVar[str] = "contract"
    relative: ClassVar[bool] = True
    breaking: bool = False


@dataclass(frozen=True)
class NotWorse:
    """On the same held-out rows it is not worse than the incumbent beyond the paired bootstrap interval.

    Args:
        metric: Figure that is compared.
        slices: Columns of the judgement's slices within which it must hold as well.
    """

    name: ClassVar[str] = "not-worse"
    relative: ClassVar[bool] = True
    metric: Literal["c_index", "c_index_ipcw", "mae_days"] = "mae_days"
    slices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a metric that predictions alone do not give."""
        _require(
            self.metric in ("c_index", "c_index_ipcw", "mae_days"),
            f"{self.name} compares {self.metric!r}; choose c_index, c_index_ipcw or mae_days",
        )


Gate = (
    IntegrityGreen
    | Documented
    | BetterThanBaselines
    | EnginesAgree
    | ScoringCost
    | BundleSize
    | ContractCompatible
    | NotWorse
)


def declared(gate: Gate) -> dict[str, Any]:
    """Write a gate as JSON's types, the same for the same declaration: a result holds for this one alone."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in sorted(asdict(gate).items())
    }


def _check_metric(gate: str, metric: str) -> None:
    _require(
        metric in HIGHER_IS_BETTER,
        f"{gate} compares {metric!r}; choose one of {', '.join(HIGHER_IS_BETTER)}",
    )


def _check_budget(gate: str, most: float) -> None:
    _require(math.isfinite(most) and most >= 0, f"{gate} has the budget {most}; give a number from 0 on")


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise SpecError(f"gate {problem}")


GATES: tuple[Gate, ...] = (
    IntegrityGreen(),
    Documented(),
    BetterThanBaselines(),
    EnginesAgree(),
    ScoringCost(),
    BundleSize(),
    ContractCompatible(),
    NotWorse(),
)
"""What a model has to hold unless its spec says otherwise."""
