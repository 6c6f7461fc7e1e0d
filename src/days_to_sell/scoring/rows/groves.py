"""Trees in single rows: walked at first, compiled a few at a time as rows go by.

Compiled code is several times as fast, and takes far longer to compile than a new process may take until its
first answer. So each row that comes, from the second on, pays for a few trees, until all are compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from days_to_sell.scoring.plan.forests import Forest, Split, Tree

# Splits that are compiled at once take some milliseconds; calls of many small functions cost every row.
SPLITS = 250
# Larger trees and forests are walked for good: their code would take too long at once, or too much memory.
MAX_TREE_SPLITS, MAX_FOREST_SPLITS = 5_000, 200_000


class Grove:
    """A few trees of a forest, called with the features that they split on.

    Gives the positions of their leaves; or, called with what the trees before them came to and with the
    features, what all of them come to, in the order of a sum over single trees.

    Args:
        trees: The trees.
        features: The features that they split on.
        weights: One for each tree; None where positions are asked for.
        leaves: The leaves of the forest.
        walks: For how many rows the trees are walked before they are compiled.
        compiled: Takes the compiled function, which is to be called instead; None to walk for good.
    """

    def __init__(
        self,
        trees: Sequence[Tree],
        features: Sequence[int],
        weights: Sequence[float] | None,
        leaves: Sequence[Sequence[float]],
        walks: int,
        compiled: Callable[[Any], None] | None,
    ) -> None:
        self._trees, self._features = trees, features
        self._weights, self._leaves = weights, leaves
        self._walks, self._compiled = walks, compiled

    def __call__(self, *numbers: float) -> Any:
        """Walk the trees."""
        if self._compiled is not None:
            self._walks -= 1
            if self._walks < 0:
                self._compiled(self._compile())
        if self._weights is None:
            return self._walk(dict(zip(self._features, numbers, strict=True)))
        total = numbers[0]
        found = self._walk(dict(zip(self._features, numbers[1:], strict=True)))
        for leaf, weight in zip(found, self._weights, strict=True):
            total += weight * self._leaves[leaf][0]
        return total

    def _walk(self, numbers: dict[int, float]) -> list[int]:
        found = []
        for each in self._trees:
            tree: Any = each
            while type(tree) is Split:
                feature, threshold, categories, left, right = tree
                x = numbers[feature]
                tree = left if (x <= threshold if categories is None else x in categories) else right
            found.append(tree)
        return found

    def _compile(self) -> Any:
        # Built from numbers alone, so nothing in a bundle can become code, and nothing is within its reach.
        namespace: dict[str, Any] = {"__builtins__": {}}
        exec(compile("\n".join(self.source()), "<trees>", "exec"), namespace)  # noqa: S102 - see above
        return namespace["grove"]

    def source(self) -> Iterator[str]:
        """Write the function: a condition for each split, thresholds and answers as constants."""
        features = [f"x{feature}" for feature in self._features]
        if self._weights is None:
            yield f"def grove({', '.join(features)}):"
            yield f"    return [{', '.join(_branch(tree, repr) for tree in self._trees)}]"
            return
        yield f"def grove({', '.join(['s', *features])}):"
        for tree, weight in zip(self._trees, self._weights, strict=True):
            factor = "" if weight == 1.0 else f"{weight!r} * "
            yield f"    s += {factor}({_branch(tree, self._answer)})"
        yield "    return s"

    def _answer(self, leaf: int) -> str:
        return repr(self._leaves[leaf][0])


class Part(NamedTuple):
    """Trees of a forest that are to be a grove.

    Args:
        trees: Their places in the forest.
        features: The features that they split on.
        compilable: Whether they may be compiled.
    """

    trees: slice
    features: list[int]
    compilable: bool


def divided(forest: Forest) -> Iterator[Part]:
    """Divide the trees of a forest into groves."""
    measured = [_measure(tree) for tree in forest.trees]
    small = sum(splits for splits, _ in measured) <= MAX_FOREST_SPLITS
    first, total, found = 0, 0, set[int]()
    for place, (splits, features) in enumerate(measured):
        if place > first and total + splits > SPLITS:
            yield Part(slice(first, place), sorted(found), small and total <= MAX_TREE_SPLITS)
            first, total, found = place, 0, set()
        total += splits
        found |= features
    yield Part(slice(first, len(measured)), sorted(found), small and total <= MAX_TREE_SPLITS)


def _measure(tree: Tree) -> tuple[int, set[int]]:
    """Count the splits of a tree, and name the features that they are on."""
    splits, features = 0, set()
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if type(each) is Split:
            splits += 1
            features.add(each.feature)
            waiting += (each.left, each.right)
    return splits, features


def _branch(tree: Tree, answer: Callable[[int], str]) -> str:
    if not isinstance(tree, Split):
        return answer(tree)
    if tree.categories is None:
        truth = f"x{tree.feature} <= {tree.threshold!r}"
    elif tree.categories:
        truth = f"x{tree.feature} in {{{', '.join(map(repr, sorted(tree.categories)))}}}"
    else:
        truth = "False"
    # No brackets where Python reads it so without them: they cost as much to parse as the condition.
    left = _branch(tree.left, answer)
    left = f"({left})" if isinstance(tree.left, Split) else left
    return f"{left} if {truth} else {_branch(tree.right, answer)}"
