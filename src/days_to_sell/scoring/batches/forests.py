"""Forests over many rows, laid out by the size of their trees."""

from __future__ import annotations

from days_to_sell.scoring.batches.levels import Levels, lay_out_levels
from days_to_sell.scoring.batches.masks import Masks, find_masks
from days_to_sell.scoring.plan.forests import Forest


def lay_out(forest: Forest) -> Masks | Levels:
    """Choose what finds the leaves of a forest the faster: masks where they are narrow, else walking down."""
    return find_masks(forest) or lay_out_levels(forest)
