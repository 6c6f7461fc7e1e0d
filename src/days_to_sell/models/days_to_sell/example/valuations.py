"""Valuations of the cars that were listed, for the months in which they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from days_to_sell.models.days_to_sell.example.arrays import Dates, Floats, Ints
from days_to_sell.models.days_to_sell.example.market import Seen
from days_to_sell.models.days_to_sell.example.offers import BAND_MIDDLES
from days_to_sell.models.days_to_sell.example.reference import Reference

LIMITS = (4_096, 256, 16, 4_096)
"""Derivatives, years since 1900, mileage bands and months since 1970 that a code has room for."""


@dataclass(frozen=True)
class Valuations:
    """One entry per valuation, in the order of its key.

    Args:
        derivative: Row of the taxonomy.
        registration_year: Calendar year.
        band: Mileage band; the last one is for a missing mileage.
        month: First day of the month in which it became known.
        retail: Pounds.
    """

    derivative: Ints
    registration_year: Ints
    band: Ints
    month: Dates
    retail: Floats


def wanted(seen: Seen) -> Ints:
    """Name, each by one number, the valuations for the month of every listing and the month before it."""
    car, offers = seen.adverts.car[seen.shown], seen.offers
    month = seen.listed_on[seen.shown].astype("datetime64[M]").astype(np.int64)
    parts = (offers.derivative[car], offers.registration_year[car] - 1900, offers.band[car])
    codes = [np.ravel_multi_index((*parts, each), LIMITS) for each in (month, month - 1)]
    return np.unique(np.concatenate(codes))


def valued(reference: Reference, codes: Ints) -> Valuations:
    """Work out the valuations that the numbers name."""
    derivative, year, band, month = np.unravel_index(codes, LIMITS)
    first_day = month.astype("datetime64[M]")
    retail = reference.retail_price(derivative, year + 1900, first_day, BAND_MIDDLES[band])
    return Valuations(derivative, year + 1900, band, first_day.astype("datetime64[D]"), retail)
