"""Who sells what where, and at which price: everything visible on the day an advert is listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from days_to_sell.models.days_to_sell.example.arrays import Dates, Floats, Ints, Texts
from days_to_sell.models.days_to_sell.example.reference import Reference
from days_to_sell.models.days_to_sell.mileage_bands import EDGES

WINDOW_DAYS = 913
"""Adverts are listed in the 30 months up to the snapshot."""

SELLER_TYPES = ("franchise", "independent", "private")
FRANCHISE, INDEPENDENT, PRIVATE = range(3)
PRIVATE_SHARE = 0.18
ADVERTS_PER_DEALER = 27
AGE_TILT = np.array([-0.25, 0.05, 0.25])
"""Per year of age and seller type: franchises sell young cars, private sellers old ones."""

PLUG_IN = ("Electric", "Plug-in Hybrid")
OLDEST_PLUG_IN = 6
MILEAGE_MISSING = 0.03
BAND_MIDDLES = np.array([5_000, 15_000, 25_000, 35_000, 50_000, 70_000, 90_000, 120_000, np.nan])


@dataclass(frozen=True)
class Sellers:
    """One entry per seller; dealers first, then private sellers with one advert each."""

    ids: Texts
    type: Ints
    outcode: Ints
    tendency: Floats
    """Log of what the seller asks relative to the valuation, on average."""


@dataclass(frozen=True)
class Market:
    """One entry per advert, with rows of the seller, outcode and derivative tables."""

    sellers: Sellers
    geography: pd.DataFrame
    advert_id: Texts
    seller: Ints
    derivative: Ints
    listed_on: Dates
    registered_on: Dates
    mileage: Floats
    """Miles; NaN where the advert does not say."""
    band: Ints
    """Mileage band; the last one is for a missing mileage."""
    valuation: Floats
    """Pounds, as known in the month of the listing."""
    price: Floats
    """Pounds asked."""

    @property
    def age(self) -> Floats:
        """Age in years when listed."""
        years: Floats = (self.listed_on - self.registered_on).astype(float) / 365.25
        return years

    @property
    def registration_year(self) -> Ints:
        """Calendar year of first registration."""
        year: Ints = self.registered_on.astype("datetime64[Y]").astype(np.int64) + 1970
        return year


def draw_market(reference: Reference, adverts: int, seed: int, snapshot: date) -> Market:
    """Draw adverts and their sellers.

    Args:
        reference: What is known about the market.
        adverts: Number of adverts.
        seed: Seed; each part draws from a stream of its own, so that a change in one leaves the others.
        snapshot: Last day on which an advert may be listed.
    """
    streams = [np.random.default_rng([seed, part]) for part in range(5)]
    geography = _outcodes(reference.areas, streams[0])
    sellers, seller = _sellers(len(geography), adverts, streams[1])
    share = reference.taxonomy["advert_share"].to_numpy(dtype=float)
    rng = streams[2]
    derivative = rng.choice(len(share), size=adverts, p=share / share.sum())
    listed_on = np.datetime64(snapshot, "D") - rng.integers(0, WINDOW_DAYS, adverts)
    years = _ages(reference, derivative, sellers.type[seller], rng)
    registered_on = listed_on - np.maximum(np.round(years * 365.25), 30).astype(np.int64)
    age = (listed_on - registered_on).astype(float) / 365.25
    typical = reference.typical_mileage(derivative, age)
    mileage = np.clip(np.round(typical * np.exp(rng.normal(0.0, 0.4, adverts))), 5, 250_000)
    mileage[rng.random(adverts) < MILEAGE_MISSING] = np.nan
    band = np.where(np.isnan(mileage), len(EDGES) + 1, np.searchsorted(EDGES, mileage, side="right"))
    year = registered_on.astype("datetime64[Y]").astype(np.int64) + 1970
    valuation = reference.retail_price(
        derivative, year, listed_on.astype("datetime64[M]"), BAND_MIDDLES[band]
    )
    price = valuation * np.exp(sellers.tendency[seller] + streams[3].normal(0.0, 0.07, adverts))
    return Market(
        sellers=sellers,
        geography=geography,
        advert_id=_ids("a", adverts, streams[4]),
        seller=seller,
        derivative=derivative,
        listed_on=listed_on,
        registered_on=registered_on,
        mileage=mileage,
        band=band,
        valuation=valuation,
        price=np.maximum(np.round(price, -2) - 5, 295),
    )


def valuation_rows(reference: Reference, market: Market) -> pd.DataFrame:
    """Value what the adverts need, for the month of the listing and the month before it."""
    month = market.listed_on.astype("datetime64[M]")
    wanted = pd.DataFrame(
        {
            "derivative": np.tile(market.derivative, 2),
            "registration_year": np.tile(market.registration_year, 2),
            "band": np.tile(market.band, 2),
            "valued_on": np.concatenate([month - 1, month]).astype(np.int64),
        }
    ).drop_duplicates()
    rows = wanted.sort_values(list(wanted.columns), ignore_index=True)
    rows["retail_gbp"] = reference.retail_price(
        rows["derivative"].to_numpy(),
        rows["registration_year"].to_numpy(),
        rows["valued_on"].to_numpy().astype("datetime64[M]"),
        BAND_MIDDLES[rows["band"].to_numpy()],
    )
    return rows


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


def _sellers(outcodes: int, adverts: int, rng: np.random.Generator) -> tuple[Sellers, Ints]:
    """Draw the sellers, and for each advert whose it is."""
    private = rng.random(adverts) < PRIVATE_SHARE
    dealers = max(12, adverts // ADVERTS_PER_DEALER)
    size = rng.lognormal(0.0, 0.7, dealers)
    seller = rng.choice(dealers, size=adverts, p=size / size.sum())
    seller[private] = dealers + np.arange(private.sum())
    count = dealers + int(private.sum())
    kind = np.where(rng.random(count) < 0.35, FRANCHISE, INDEPENDENT)
    kind[dealers:] = PRIVATE
    tendency = np.array([0.02, 0.0, -0.03])[kind] + rng.normal(0.0, 0.04, count)
    return Sellers(_ids("s", count, rng), kind, rng.integers(0, outcodes, count), tendency), seller


def _ages(reference: Reference, derivative: Ints, seller_type: Ints, rng: np.random.Generator) -> Floats:
    """Draw ages in years from the age shares of each make, tilted by the type of the seller."""
    share = np.maximum(reference.age_share[reference.curve[derivative]], 1e-6)
    weight = np.log(share) + AGE_TILT[seller_type][:, None] * reference.ages
    plug_in = reference.taxonomy["fuel_type"].isin(PLUG_IN).to_numpy()[derivative]
    weight[plug_in[:, None] & (reference.ages > OLDEST_PLUG_IN)] = -np.inf
    drawn = (weight + rng.gumbel(size=weight.shape)).argmax(axis=1)
    years: Floats = reference.ages[drawn] + rng.random(len(drawn))
    return years


def _ids(prefix: str, count: int, rng: np.random.Generator) -> Texts:
    """Make distinct ids whose order says nothing about time."""
    numbers = rng.permutation(np.arange(count)) * 0x9E3779B1 % 2**32
    return np.array([f"{prefix}{number:08x}" for number in numbers], dtype=object)
