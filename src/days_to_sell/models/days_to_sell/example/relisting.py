"""Adverts of a car: it may be taken down and listed again before it is sold or withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from days_to_sell.models.days_to_sell.example.arrays import Bools, Floats, Ints
from days_to_sell.models.days_to_sell.example.process import Outcome

MOST = 4
"""Most adverts of one car."""

LAPSE_AFTER = np.array([420.0, 420.0, 120.0])
"""By seller type: mean days on sale after which a car is taken down to be listed again."""

LONGEST_GAP = 10
"""Days off sale between two adverts, at most."""


@dataclass(frozen=True)
class Adverts:
    """One entry per advert.

    Args:
        car: Position of the car among the offers.
        place: How many adverts the car had before this one.
        listed: Days from the first listing of the car to the listing of this advert.
        removed: Days from the first listing of the car to the removal of this advert.
        sold: Whether it is removed by a sale; withdrawn otherwise.
    """

    car: Ints
    place: Ints
    listed: Floats
    removed: Floats
    sold: Bools


def draw_adverts(seller_type: Ints, outcome: Outcome, rng: np.random.Generator) -> Adverts:
    """Split the days on sale of each car into adverts.

    Listing again changes nothing about the sale: the clock of the process counts the days on sale alone.
    """
    cars = len(seller_type)
    lapses = np.cumsum(np.ceil(rng.exponential(LAPSE_AFTER[seller_type], (MOST - 1, cars))), axis=0)
    gaps = rng.integers(0, LONGEST_GAP + 1, (MOST - 1, cars))
    ends = np.vstack([lapses, np.full(cars, np.inf)])
    starts = np.vstack([np.zeros(cars), ends[:-1]])
    off_sale = np.vstack([np.zeros(cars), np.cumsum(gaps, axis=0)])
    last = ends >= outcome.listed
    place, car = np.nonzero((starts < outcome.listed) | (starts == 0))
    return Adverts(
        car=car,
        place=place,
        listed=(starts + off_sale)[place, car],
        removed=(np.minimum(ends, outcome.listed) + off_sale)[place, car],
        sold=outcome.sold[car] & last[place, car],
    )
