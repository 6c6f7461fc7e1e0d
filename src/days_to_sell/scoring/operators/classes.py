"""What classifiers have in common: their columns, and how a class is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Arithmetic, Choose, Compare, Constant, Number, Reduced
from days_to_sell.scoring.plan.vectors import ONE, ZERO, Applied, Vector, apply, cells, stored, times


@dataclass(frozen=True, eq=False)
class Classes:
    """What a classifier says of a row.

    Args:
        raw: Confidence in each class, on the classifier's own scale.
        probability: Probability of each class; None from a classifier without.
        prediction: The class it chooses, counted from 0.
    """

    raw: Vector
    probability: Vector | None
    prediction: Number


Classifier: TypeAlias = Callable[[Node], Classes]


def operator(classifier: Classifier) -> Callable[[Node], None]:
    """Make an operator of a classifier; any of its ports but ``prediction`` is optional."""

    def write(node: Node) -> None:
        classes = classifier(node)
        node.write_if_asked("raw_prediction", classes.raw)
        if classes.probability is not None:
            node.write_if_asked("probability", classes.probability)
        node.write("prediction", classes.prediction)

    return write


def chosen(attributes: Attributes, raw: Vector, probability: Vector) -> Number:
    """Choose the class of most confidence, or of most probability for its threshold where there are any.

    Spark asks the confidence, not the probability, in which small differences vanish.
    """
    if "thresholds" not in attributes:
        return argmax(raw)
    thresholds = attributes.doubles("thresholds")
    if len(thresholds) != raw.width or min(thresholds) < 0.0 or thresholds.count(0.0) > 1:
        raise BundleError(
            f"attribute 'thresholds' must hold a number for each of {raw.width} classes, none below zero and "
            f"one at most zero, found {', '.join(map(str, thresholds)) or 'none':.60}"
        )
    return Reduced("argmax_of_ratios", probability.packed(), thresholds)


def argmax(values: Vector) -> Number:
    """Give the position of the first value that no other exceeds."""
    if values.width == 2:
        return Choose(Compare(">", values[1], values[0]), ONE, ZERO)
    return Reduced("argmax", values.packed())


def sides(margin: Number) -> Vector:
    """Give the confidence in two classes from that in the second."""
    return cells([times(Constant(-1.0), margin), margin])


def shares(first: Number) -> Vector:
    """Give the probability of two classes from that of the first."""
    return cells([first, Arithmetic("-", ONE, first)])


def logistic(margin: Number, steepness: float = 1.0) -> Vector:
    """Give the probability of two classes from the confidence in the second."""
    return shares(apply("logistic", times(Constant(-steepness), margin)))


def of_all(function: str, values: Vector) -> Vector:
    """Apply a function of a whole vector that keeps its width."""
    return stored(Applied(function, values.packed(), (), values.width), values.width)


def class_count(node: Node, *sizes: int) -> int:
    """Read the number of classes, of which ``sizes`` say how many attributes hold."""
    count = node.attributes.long("num_classes")
    if count < 1 or any(size != count for size in sizes):
        held = "".join(f", and an attribute for {size}" for size in sizes if size != count)
        raise BundleError(f"attribute 'num_classes' says {count}{held}")
    return count


def require_two(node: Node) -> None:
    """Refuse any other number of classes than two."""
    count = class_count(node)
    if count != 2:
        raise BundleError(f"tells two classes apart, but attribute 'num_classes' says {count}")
