"""Which cars are offered when, by whom and at which price: everything visible on the day of listing.

Cars are drawn in blocks of days, each from streams of its own, so that a car is the same in every snapshot
that it stands in, and what is on the way to a large lake stays small.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from days_to_sell.models.days_to_sell.example.arrays import Bools, Dates, Floats, Ints
from days_to_sell.models.days_to_sell.example.population import PRIVATE, Population, Sellers, draw_sellers
from days_to_sell.models.days_to_sell.example.reference import Reference
from days_to_sell.models.days_to_sell.mileage_bands import EDGES

WINDOW_DAYS = 2_922
"""A lake holds the cars first listed in the eight years up to its snapshot."""

BLOCK_DAYS = 32
"""Days that are drawn at once."""

PRIVATE_SHARE = 0.18
AGE_TILT = np.array([-0.25, 0.05, 0.25])
"""Per year of age and seller type: franchises sell young cars, private sellers old ones."""

PLUG_IN = ("Electric", "Plug-in Hybrid")
OLDEST_PLUG_IN = 6
MILEAGE_MISSING = 0.03
MILEAGE_SPREAD = 0.4
PRICE_SPREAD = 0.07
BAND_MIDDLES = np.array([5_000, 15_000, 25_000, 35_000, 50_000, 70_000, 90_000, 120_000, np.nan])


@dataclass(frozen=True)
class Offers:
    """Cars offered for sale, one entry each, as of their first listing.

    Args:
        number: Running number of the car.
        seller: Running number of the seller; even for dealers, odd for private sellers.
        seller_type: Index into ``SELLER_TYPES``.
        outcode: Row of the geography.
        derivative: Row of the taxonomy.
        listed_on, registered_on: Days.
        mileage: Miles; NaN where the advert does not say.
        band: Mileage band; the last one is for a missing mileage.
        valuation: Pounds, as known in the month of the listing.
        price: Pounds asked.
        frailty: What the seller adds to log days. Nobody sees it.
    """

    number: Ints
    seller: Ints
    seller_type: Ints
    outcode: Ints
    derivative: Ints
    listed_on: Dates
    registered_on: Dates
    mileage: Floats
    band: Ints
    valuation: Floats
    price: Floats
    frailty: Floats

    @property
    def age(self) -> Floats:
        """Age in years when listed."""
        years: Floats = (self.listed_on - self.registered_on).astype(float) / 365.25
        return years

    @property
    def registration_year(self) -> Ints:
        """Calendar year of first registration."""
        return calendar_year(self.registered_on)

    def where(self, kept: Bools) -> Self:
        """Keep some of the cars."""
        return type(self)(**{field.name: getattr(self, field.name)[kept] for field in fields(self)})


def calendar_year(days: Dates) -> Ints:
    """Give the year of each day."""
    year: Ints = days.astype("datetime64[Y]").astype(np.int64) + 1970
    return year


def draw_offers(reference: Reference, population: Population, adverts: int, seed: int, block: int) -> Offers:
    """Draw the cars first listed in a block of days.

    Args:
        reference: What is known about the market.
        population: Places and dealers.
        adverts: Cars offered in any eight years; each day's number follows from it, not from chance.
        seed: Seed.
        block: Number of the block, counted from 1970.
    """
    rng = np.random.default_rng([seed, 2, block])
    days = block * BLOCK_DAYS + np.arange(BLOCK_DAYS + 1)
    first = days * adverts // WINDOW_DAYS
    number = np.arange(first[0], first[-1])
    listed_on = np.repeat(days[:-1], np.diff(first)).astype("datetime64[D]")
    share = reference.taxonomy["advert_share"].to_numpy(dtype=float)
    derivative = rng.choice(len(share), size=len(number), p=share / share.sum())
    seller, sellers = _sellers(population, number, np.random.default_rng([seed, 3, block]))
    years = _ages(reference, derivative, sellers.type, rng)
    registered_on = listed_on - np.maximum(np.round(years * 365.25), 30).astype(np.int64)
    typical = reference.typical_mileage(derivative, (listed_on - registered_on).astype(float) / 365.25)
    mileage = np.round(typical * np.exp(rng.normal(0.0, MILEAGE_SPREAD, len(number))))
    mileage = np.clip(mileage, 5, 250_000)
    mileage[rng.random(len(number)) < MILEAGE_MISSING] = np.nan
    band = np.where(np.isnan(mileage), len(EDGES) + 1, np.searchsorted(EDGES, mileage, side="right"))
    valuation = reference.retail_price(
        derivative, calendar_year(registered_on), listed_on.astype("datetime64[M]"), BAND_MIDDLES[band]
    )
    price = valuation * np.exp(sellers.tendency + rng.normal(0.0, PRICE_SPREAD, len(number)))
    return Offers(
        number=number,
        seller=seller,
        seller_type=sellers.type,
        outcode=sellers.outcode,
        derivative=derivative,
        listed_on=listed_on,
        registered_on=registered_on,
        mileage=mileage,
        band=band,
        valuation=valuation,
        price=np.maximum(np.round(price, -2) - 5, 295),
        frailty=sellers.frailty,
    )


def _sellers(population: Population, number: Ints, rng: np.random.Generator) -> tuple[Ints, Sellers]:
    """Draw for each car whose it is: a dealer by size, or a private seller with this car alone.

    Returns:
        Running number of the seller and the seller, per car.
    """
    private = rng.random(len(number)) < PRIVATE_SHARE
    dealers = population.dealers
    dealer = np.searchsorted(population.share, rng.random(len(number)) * population.share[-1])
    owners = draw_sellers(np.full(len(number), PRIVATE), len(population.geography), rng)
    drawn = {
        field.name: np.where(private, getattr(owners, field.name), getattr(dealers, field.name)[dealer])
        for field in fields(dealers)
    }
    return np.where(private, 2 * number + 1, 2 * dealer), Sellers(**drawn)


def _ages(reference: Reference, derivative: Ints, seller_type: Ints, rng: np.random.Generator) -> Floats:
    """Draw ages in years from the age shares of each make, tilted by the type of the seller."""
    share = np.maximum(reference.age_share[reference.curve[derivative]], 1e-6)
    weight = np.log(share) + AGE_TILT[seller_type][:, None] * reference.ages
    plug_in = reference.taxonomy["fuel_type"].isin(PLUG_IN).to_numpy()[derivative]
    weight[plug_in[:, None] & (reference.ages > OLDEST_PLUG_IN)] = -np.inf
    drawn = (weight + rng.gumbel(size=weight.shape)).argmax(axis=1)
    years: Floats = reference.ages[drawn] + rng.random(len(drawn))
    return years
