"""A random pipeline while it grows: its stages so far, and the columns that further ones may read."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pyspark.ml import Estimator, Transformer

Stage: TypeAlias = Estimator[Any] | Transformer


@dataclass
class Draft:
    """A pipeline while it grows.

    Args:
        chance: What decides.
        dropping: Stages that drop rows.
        stages: The stages behind them.
        indices: Columns that number categories, with how many there are.
        one_hots: One-hot vectors, with their width.
        vectors: All vectors, with their width.
        positive: Those of them that are never below zero.
        binary: Those of them that hold 0 and 1 alone.
        predictions: Numbers that are no features: what estimators wrote, and an index that has no names.
    """

    chance: random.Random
    dropping: list[Stage] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    indices: dict[str, int] = field(default_factory=dict)
    vectors: dict[str, int] = field(default_factory=dict)
    one_hots: list[str] = field(default_factory=list)
    positive: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    _names: int = 0

    def name(self, what: str) -> str:
        """Give a new column a name."""
        self._names += 1
        return f"{what}_{self._names}"

    def pick(self, columns: Sequence[str]) -> str:
        """Choose one of some columns."""
        return self.chance.choice(list(columns))

    def without_unseen(self) -> list[str]:
        """Name the vectors whose metadata count every category: MLeap's trees take others to another side."""
        return [name for name in self.vectors if not name.startswith("indexed")]

    def narrow(self, widest: int) -> str:
        """Choose a vector that is not too wide."""
        return self.pick([name for name, width in self.vectors.items() if width <= widest])


Block: TypeAlias = Callable[[Draft], None]
