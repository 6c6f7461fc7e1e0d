"""Where cars are sold and by which dealers: the same for every snapshot of a market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from days_to_sell.models.days_to_sell.example.arrays import Floats, Ints

SELLER_TYPES = ("franchise", "independent", "private")
FRANCHISE, INDEPENDENT, PRIVATE = range(3)
FRANCHISE_SHARE = 0.35
ADVERTS_PER_DEALER = 27
PRICING = np.array([0.02, 0.0, -0.03])
"""What a type of seller asks, as the log of the price over the valuation."""

PRICING_SPREAD = 0.04
SELLER_FRAILTY = 0.30
"""Standard deviation, on log days, of what makes a seller quick or slow and no feature shows."""


@dataclass(frozen=True)
class Sellers:
    """One entry per seller.

    Args:
        type: Index into ``SELLER_TYPES``.
        outcode: Row of the geography.
        tendency: Log of what the seller asks relative to the valuation, on average.
        frailty: What the seller adds to log days, unseen.
    """

    type: Ints
    outcode: Ints
    tendency: Floats
    frailty: Floats


@dataclass(frozen=True)
class Population:
    """What does not change while adverts come and go.

    Args:
        geography: One row per outcode.
        dealers: The dealers; private sellers come with their car and go with it.
        share: Cumulated shares of the dealers' adverts.
    """

    geography: pd.DataFrame
    dealers: Sellers
    share: Floats


def draw_population(areas: pd.DataFrame, adverts: int, seed: int) -> Population:
    """Draw places and dealers.

    Args:
        areas: One row per postcode area.
        adverts: Cars offered in the time that a lake covers, which decides how many dealers there are.
        seed: Seed; each part draws from a stream of its own, so that a change in one leaves the others.
    """
    geography = _outcodes(areas, np.random.default_rng([seed, 0]))
    rng = np.random.default_rng([seed, 1])
    count = max(12, adverts // ADVERTS_PER_DEALER)
    size = rng.lognormal(0.0, 0.7, count)
    kind = np.where(rng.random(count) < FRANCHISE_SHARE, FRANCHISE, INDEPENDENT)
    return Population(geography, draw_sellers(kind, len(geography), rng), np.cumsum(size / size.sum()))


def draw_sellers(kind: Ints, outcodes: int, rng: np.random.Generator) -> Sellers:
    """Draw a seller of each kind given: place, pricing and frailty, independent of one another."""
    count = len(kind)
    return Sellers(
        type=kind,
        outcode=rng.integers(0, outcodes, count),
        tendency=PRICING[kind] + rng.normal(0.0, PRICING_SPREAD, count),
        frailty=rng.normal(0.0, SELLER_FRAILTY, count),
    )


def _outcodes(areas: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Number the outcodes of each area and scatter them around its centroid."""
    rows = areas.loc[areas.index.repeat(areas["outcodes"])].reset_index(drop=True)
    number = rows.groupby("postcode_area").cumcount() + 1
    scatter = rng.normal(0.0, 0.05, (2, len(rows)))
    return pd.DataFrame(
        {
            "outcode": rows["postcode_area"] + number.astype(str),
            "postcode_area": rows["postcode_area"],
            "region": rows["region"],
            "country": rows["country"],
            "latitude": (rows["latitude"] + scatter[0]).round(4),
            "longitude": (rows["longitude"] + scatter[1]).round(4),
        }
    )
