"""How much a bundle may ask for: bounds that stop what was made to exhaust a machine, not a model."""

from __future__ import annotations

from collections.abc import Iterator

from days_to_sell.errors import BundleError
from days_to_sell.scoring.plan.expressions import Lookup, Remap
from days_to_sell.scoring.plan.order import Expression, in_order, parts
from days_to_sell.scoring.plan.plan import Stage
from days_to_sell.scoring.plan.vectors import Vector

# Numbers that are computed one by one, and numbers that those are made from: while they are compiled, each
# takes some 50 µs and 10 KB.
MAX_STEPS = 100_000
# Elements of all vectors that are written: 8 bytes each for every row that is computed at once.
MAX_ELEMENTS = 4_000_000
# Entries of the tables that categories are looked up in, 8 to 32 bytes each.
MAX_ENTRIES = 10_000_000

_ADVICE = "; cut the pipeline or bound its categories, or score with engine=jvm"


class Budget:
    """Counts what the stages of one bundle ask for, from the first to the last."""

    def __init__(self) -> None:
        self._done: set[int] = set()
        self._steps = self._elements = self._entries = 0

    def spend(self, stage: Stage) -> None:
        """Count one more stage.

        Args:
            stage: The stage. It has to live as long as the budget, which knows expressions by identity.

        Raises:
            BundleError: That is more than one bundle may ask for.
        """
        vectors = [value for value in stage.outputs.values() if isinstance(value, Vector)]
        self._elements += sum(vector.width for vector in vectors)
        if self._elements > MAX_ELEMENTS:
            raise BundleError(
                f"the vectors up to here hold {self._elements} elements, and {MAX_ELEMENTS} can be computed"
                + _ADVICE
            )
        for expression in in_order(_wanted(stage), self._done):
            self._steps += 1 + len(parts(expression))
            self._entries += len(expression.table) if isinstance(expression, Remap | Lookup) else 0
            if self._steps > MAX_STEPS:
                raise BundleError(
                    f"the pipeline up to here takes more than {MAX_STEPS} steps for each row" + _ADVICE
                )
            if self._entries > MAX_ENTRIES:
                raise BundleError(f"the tables up to here hold more than {MAX_ENTRIES} entries" + _ADVICE)


def _wanted(stage: Stage) -> Iterator[Expression]:
    """Name what a stage computes: its checks, then its columns."""
    for check in stage.checks:
        yield check.truth
        if check.value is not None:
            yield check.value
    yield from stage.computed(stage.outputs).values()
