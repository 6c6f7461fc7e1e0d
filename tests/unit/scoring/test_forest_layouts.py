"""Two ways to find the leaves of a forest for many rows, held against each other."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from days_to_sell.scoring.batches.forests import lay_out
from days_to_sell.scoring.batches.levels import lay_out_levels
from days_to_sell.scoring.batches.masks import Masks
from days_to_sell.scoring.plan.expressions import NumberIn
from days_to_sell.scoring.plan.forests import Forest, Split, Tree
from days_to_sell.scoring.plan.vectors import cells

FEATURES = cells([NumberIn("x"), NumberIn("y")])
SPLIT_AT = (-1.5, -0.0, 0.5, 1.0, 2.0)


@pytest.mark.parametrize("leaves", [2, 32, 33, 64])
def test_masks_lead_to_the_leaves_that_walking_down_leads_to(leaves: int) -> None:
    """Trees as wide as bits allow, split by thresholds and by categories, end where levels end."""
    random = Random(leaves)  # noqa: S311 - nothing is to be kept secret
    trees = tuple(_grown(random, leaves, 10 * number) for number in range(5))
    forest = Forest(trees, tuple((float(leaf),) for leaf in range(2 * 64)), FEATURES)
    values = [
        *SPLIT_AT,
        *(math.nextafter(at, math.inf) for at in SPLIT_AT),
        math.inf,
        -math.inf,
        math.nan,
        9.0,
    ]
    rows = list(np.array([(x, y) for x in values for y in values]).T)
    masks, levels = lay_out(forest), lay_out_levels(forest)
    assert isinstance(masks, Masks)
    rows = [rows[feature] for feature in forest.features]
    found = [
        np.concatenate([each.leaf.take(part) for part in each.walk(rows)], axis=1) for each in (masks, levels)
    ]
    np.testing.assert_array_equal(*found)
    assert len(np.unique(found[0])) >= 2


def _grown(random: Random, leaves: int, first: int) -> Tree:
    """Split at random until there are so many leaves, numbered from the first on."""
    if leaves == 1:
        return first
    left = random.randint(1, leaves - 1)
    below = _grown(random, left, first), _grown(random, leaves - left, first + left)
    if random.random() < 0.3:
        return Split(1, math.nan, frozenset(random.sample((0.0, 1.0, 2.0, 5.0), 2)), *below)
    return Split(random.randint(0, 1), random.choice(SPLIT_AT), None, *below)
