"""Pairs of two features as columns of their own, for linear models, in stages that MLeap can carry.

A pair gets a column only where that says more than the parts' own columns do. The parts' buckets and the
occupied pairs are the vertices and edges of a graph, and a set of pair columns is independent of the parts'
columns if, and only if, the pairs left out still join whatever all of them join (a column that is the sum of
one function of either part vanishes on no cycle). So the rarest pairs that join all are left to the parts,
which is Kruskal's minimum spanning forest, and the most frequent of the others become columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from pyspark.ml import Transformer
from pyspark.ml.feature import Bucketizer, Interaction, OneHotEncoder, VectorSlicer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.spec import Crossed

INFINITY = float("inf")
Pair = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """A pair of values that occurs.

    Args:
        pair: Rank or cut of either part.
        buckets: The bucket that the part's own columns have for it.
        rows: How often it occurs.
    """

    pair: Pair
    buckets: Pair
    rows: int


def collect_cells(frame: DataFrame, indexes: tuple[str, str], buckets: tuple[str, str]) -> list[Cell]:
    """Count the pairs that occur.

    Args:
        frame: Rows to count.
        indexes: Columns with the ranks or cuts of the parts.
        buckets: Columns with their buckets.
    """
    counted = frame.groupBy(*indexes, *buckets).agg(F.count("*").alias("rows")).collect()
    return [Cell((row[0], row[1]), (row[2], row[3]), row[4]) for row in counted]


def choose_pairs(cells: Iterable[Cell], top: int) -> tuple[Pair, ...]:
    """Choose the most frequent pairs that say more than their parts.

    Args:
        cells: The pairs that occur.
        top: How many to choose at most.

    Returns:
        Pairs of ranks or cuts, the most frequent first; equally frequent ones by rank.
    """
    joined: dict[tuple[int, float], tuple[int, float]] = {}

    def root(vertex: tuple[int, float]) -> tuple[int, float]:
        while (above := joined.setdefault(vertex, vertex)) != vertex:
            vertex = above
        return vertex

    chosen = []
    for cell in sorted(cells, key=lambda cell: (cell.rows, [-each for each in cell.pair])):
        first, second = root((0, cell.buckets[0])), root((1, cell.buckets[1]))
        if first == second:
            chosen.append(cell.pair)
        joined[first] = second
    return tuple(reversed(chosen))[:top]


def crossing_stages(
    crossed: Crossed, indexes: tuple[str, str], pairs: tuple[Pair, ...]
) -> list[Transformer | OneHotEncoder]:
    """Build the stages from the parts' ranks or cuts to one column a pair; any other pair has zeros.

    Args:
        crossed: The crossing.
        indexes: Columns with the ranks or cuts of the parts.
        pairs: The pairs to tell apart, at least one.
    """
    edges = [_edges({pair[side] for pair in pairs}) for side in (0, 1)]
    cut = [f"{crossed.name}__{part}" for part in crossed.parts]
    hot = [f"{name}__one_hot" for name in cut]
    bucketizers = [
        Bucketizer(inputCol=index, outputCol=name, splits=[*splits, INFINITY], handleInvalid="keep")
        for index, name, splits in zip(indexes, cut, edges, strict=True)
    ]
    width = len(edges[1]) - 1
    return [
        *bucketizers,
        # The last bucket, above all pairs, gets no column.
        OneHotEncoder(inputCols=cut, outputCols=hot),
        Interaction(inputCols=hot, outputCol=f"{crossed.name}__all"),
        VectorSlicer(
            inputCol=f"{crossed.name}__all",
            outputCol=crossed.name,
            indices=[edges[0].index(first) * width + edges[1].index(second) for first, second in pairs],
        ),
    ]


def _edges(values: set[float]) -> list[float]:
    """Cut at each rank or cut and right above it, so that what lies between shares a bucket."""
    edges = [0.0]
    for value in sorted(values):
        edges += [value] if edges[-1] < value else []
        edges.append(value + 1.0)
    return edges


def first_pairs(first: int, second: int, top: int) -> tuple[Pair, ...]:
    """Give pairs of so many ranks or cuts, to build stages with before there is data to choose from."""
    return tuple((float(i), float(j)) for i, j in product(range(first), range(second)))[:top]
