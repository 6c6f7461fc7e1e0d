"""Trees as source: a condition for each split, thresholds and answers as constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from days_to_sell.scoring.plan.forests import Forest, Split, Tree

# Larger forests are walked: their source would take longer to compile than a service should to start.
MAX_SPLITS = 30_000


def count_splits(forest: Forest) -> int:
    """Count the splits of all trees."""
    count, waiting = 0, list(forest.trees)
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, Split):
            count += 1
            waiting += (tree.left, tree.right)
    return count


def sum_source(name: str, forest: Forest, weights: Sequence[float]) -> Iterator[str]:
    """Write the function that adds up what the trees answer.

    Args:
        name: Name of the function; it takes the features of the forest, in their order.
        forest: The trees.
        weights: One for each tree.
    """
    yield f"def {name}({', '.join(f'x{feature}' for feature in forest.features)}):"
    yield "    s = 0.0"
    for tree, weight in zip(forest.trees, weights, strict=True):
        branch = _branch(tree, lambda leaf: repr(forest.leaves[leaf][0]))
        yield f"    s += {weight!r} * {branch}" if weight != 1.0 else f"    s += {branch}"
    yield "    return s"


def leaves_source(name: str, forest: Forest) -> Iterator[str]:
    """Write the function that gives the position of each tree's leaf."""
    yield f"def {name}({', '.join(f'x{feature}' for feature in forest.features)}):"
    yield "    return ("
    for tree in forest.trees:
        yield f"        {_branch(tree, repr)},"
    yield "    )"


def _branch(tree: Tree, answer: Callable[[int], str]) -> str:
    if not isinstance(tree, Split):
        return f"({answer(tree)})"
    if tree.categories is None:
        truth = f"x{tree.feature} <= {tree.threshold!r}"
    else:
        truth = f"x{tree.feature} in {{{', '.join(map(repr, sorted(tree.categories)))}}}"
    if not tree.categories and tree.categories is not None:
        truth = "False"
    return f"({_branch(tree.left, answer)} if {truth} else {_branch(tree.right, answer)})"
