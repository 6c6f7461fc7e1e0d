"""Trees in single rows: walked at first, then a few at a time turned into what is faster.

That is compiled code, or masks where there are many splits. Both take longer to make than a new process may
take until its first answer. So each row that comes, from the second on, pays for some trees, until all are
made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from days_to_sell.scoring.plan.forests import Forest, Split, Tree
from days_to_sell.scoring.rows.masks import Conditions, masked

Form: TypeAlias = Literal["code", "masks", "walked"]
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
        form: What the trees are turned into.
        walks: For how many rows they are walked before.
        made: Takes the function that is to be called instead.
    """

    def __init__(
        self,
        trees: Sequence[Tree],
        features: Sequence[int],
        weights: Sequence[float] | None,
        leaves: Sequence[Sequence[float]],
        form: Form,
        walks: int,
        made: Callable[[Any], None],
    ) -> None:
        self._trees, self._features = trees, features
        self._weights, self._leaves = weights, leaves
        self._form, self._walks, self._made = form, walks, made

    def __call__(self, *numbers: float) -> Any:
        """Walk the trees."""
        if self._form != "walked":
            self._walks -= 1
            if self._walks < 0:
                self._made(self._make())
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

    def _make(self) -> Any:
        if self._form == "masks":
            return masked(self._trees, self._features, self._weights, self._leaves)
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
        form: What they are to be turned into.
    """

    trees: slice
    features: list[int]
    form: Form


def divided(forest: Forest) -> Iterator[Part]:
    """Divide the trees of a forest into groves."""
    whole = Conditions()
    measured = [_measure(tree, whole) for tree in forest.trees]
    if whole.suit(len(measured)):
        yield Part(slice(0, len(measured)), sorted({*whole.thresholds, *whole.categories}), "masks")
        return
    small = whole.splits <= MAX_FOREST_SPLITS
    first, total, found = 0, 0, set[int]()
    for place, (splits, features) in enumerate(measured):
        if place > first and total + splits > SPLITS:
            yield Part(slice(first, place), sorted(found), _form(small, total))
            first, total, found = place, 0, set()
        total += splits
        found |= features
    yield Part(slice(first, len(measured)), sorted(found), _form(small, total))


def _form(small: bool, splits: int) -> Form:
    return "code" if small and splits <= MAX_TREE_SPLITS else "walked"


def _measure(tree: Tree, whole: Conditions) -> tuple[int, set[int]]:
    """Count the splits of a tree, name the features that they are on, and add what they ask."""
    splits, features = 0, set()
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if type(each) is Split:
            splits += 1
            feature, threshold, categories, left, right = each
            features.add(feature)
            waiting += (left, right)
            if categories is None:
                whole.thresholds.setdefault(feature, set()).add(threshold)
            else:
                whole.categories.setdefault(feature, set()).update(categories)
                whole.by_category[feature] += 1
    whole.splits += splits
    whole.leaves = max(whole.leaves, splits + 1)
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
