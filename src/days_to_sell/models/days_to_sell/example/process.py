"""How long cars take to sell and which are withdrawn before: the process, and its exact expectation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from days_to_sell.models.days_to_sell.example.arrays import Bools, Floats
from days_to_sell.models.days_to_sell.example.offers import Offers
from days_to_sell.models.days_to_sell.example.population import SELLER_FRAILTY, Population
from days_to_sell.models.days_to_sell.example.reference import Reference

SHAPE = 1.10
"""Weibull shape of a single car: its hazard rises slowly; mixed over frailty it falls."""

AREA_FRAILTY = 0.10
"""Standard deviation, on log days, of what a postcode area adds and no feature shows."""

INTERCEPT = 3.67
CHEAP, DEAR = 4.0, 6.0
"""Log days per unit of log price over valuation, below and above the valuation."""

SELLER_TYPE = np.array([-0.14, 0.0, 0.28])
FUEL = {"Electric": 0.30, "Plug-in Hybrid": 0.12, "Hybrid": -0.12, "Diesel": 0.06}
MAKE_SPREAD, MODEL_SPREAD, REGION_SPREAD = 0.40, 0.22, 0.14

WITHDRAWN_SHARE = np.array([0.38, 0.36, 0.26])
"""By seller type: share of the cars that would be withdrawn, were they not sold before."""

WITHDRAWN_AFTER = 6.0
"""Mean days after which these are withdrawn."""


@dataclass(frozen=True)
class Process:
    """What a market adds to log days, besides what each car brings.

    Args:
        derivative: By row of the taxonomy: make, model and fuel.
        region: By row of the geography, visible.
        area: By row of the geography; nobody sees it.
    """

    derivative: Floats
    region: Floats
    area: Floats


@dataclass(frozen=True)
class Outcome:
    """What becomes of each car.

    Args:
        log_scale: Log of the Weibull scale in days, as far as it is visible on the day of listing.
        days: Whole days on sale until sold, had nobody withdrawn it; 0 is sold on the day of listing.
        listed: Whole days on sale until sold or withdrawn.
        sold: Whether it is sold; withdrawn otherwise.
    """

    log_scale: Floats
    days: Floats
    listed: Floats
    sold: Bools


def draw_process(reference: Reference, population: Population, seed: int) -> Process:
    """Draw the effects of makes, models, regions and areas."""
    taxonomy, geography = reference.taxonomy, population.geography
    rng = np.random.default_rng([seed, 10])
    share = taxonomy["advert_share"].to_numpy(dtype=float)
    make = _effects(rng, taxonomy["make"], MAKE_SPREAD, share)
    model = _effects(rng, taxonomy["make"] + " " + taxonomy["model"], MODEL_SPREAD, share)
    fuel = taxonomy["fuel_type"].map(FUEL).fillna(0.0).to_numpy()
    even = np.ones(len(geography))
    return Process(
        derivative=make + model + fuel,
        region=_effects(rng, geography["region"], REGION_SPREAD, even),
        area=_effects(rng, geography["postcode_area"], AREA_FRAILTY, even),
    )


def draw_outcome(reference: Reference, process: Process, offers: Offers, rng: np.random.Generator) -> Outcome:
    """Draw when each car is sold and when it would be withdrawn; the earlier of the two happens.

    A sale on the day of the withdrawal is a sale. Given the type of the seller, the two are independent.
    """
    log_scale = visible_log_scale(reference, process, offers)
    unseen = offers.frailty + process.area[offers.outcode]
    chance = rng.exponential(size=len(log_scale)) ** (1 / SHAPE)
    days = np.floor(np.exp(log_scale + unseen) * chance)
    withdrawn = np.floor(rng.exponential(WITHDRAWN_AFTER, len(days)))
    withdrawn[rng.random(len(days)) >= WITHDRAWN_SHARE[offers.seller_type]] = np.inf
    return Outcome(log_scale, days, np.minimum(days, withdrawn), days <= withdrawn)


def visible_log_scale(reference: Reference, process: Process, offers: Offers) -> Floats:
    """Add up what the visible features contribute to the log of the Weibull scale."""
    dearness = np.log(offers.price / offers.valuation)
    usual = reference.typical_mileage(offers.derivative, offers.age)
    wear = np.nan_to_num(0.15 * np.log(offers.mileage / usual), nan=0.10)
    day = (offers.listed_on - offers.listed_on.astype("datetime64[Y]")).astype(float)
    log_scale: Floats = (
        INTERCEPT
        + np.where(dearness > 0, DEAR, CHEAP) * dearness
        + process.derivative[offers.derivative]
        + 0.05 * (offers.age - 4)
        + wear
        + 0.30 * np.log(offers.valuation / 14_000)
        + SELLER_TYPE[offers.seller_type]
        + process.region[offers.outcode]
        - 0.08 * np.cos(2 * np.pi * day / 365.25 - 1.0)
    )
    return log_scale


@dataclass(frozen=True)
class Expectation:
    """Expected days within a horizon, given what is visible at the first listing.

    Args:
        log_scales: A fine grid of the visible part of the log of the Weibull scale, ascending.
        days: Expected days at each of them.
    """

    log_scales: Floats
    days: Floats

    def given(self, log_scale: Floats) -> Floats:
        """Give the expected days of cars by the visible part of their log scale."""
        return np.interp(log_scale, self.log_scales, self.days)


def expectation_within(horizon: int) -> Expectation:
    """Work out the expectation, averaged over the frailty of seller and area.

    Days count as in the training data: whole days, and half a day for a sale on the day of listing. So the
    expectation of the restricted days is a sum of survival probabilities, exact but for the average over the
    frailty, which is Gauss-Hermite quadrature, and for reading between grid points.

    Args:
        horizon: Days at which the expectation is restricted.
    """
    grid = np.linspace(-2.0, 9.0, 551)
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    spread = float(np.hypot(SELLER_FRAILTY, AREA_FRAILTY))
    scale = np.exp(grid[:, None, None] + spread * nodes[:, None])
    survival = np.exp(-((np.arange(1, horizon + 1) / scale) ** SHAPE))
    mixed = np.tensordot(survival, weights / weights.sum(), axes=(1, 0))
    return Expectation(grid, 0.5 * (1 - mixed[:, 0]) + mixed.sum(axis=1))


def _effects(rng: np.random.Generator, names: pd.Series[str], spread: float, share: Floats) -> Floats:
    """Draw one effect for each name, of mean zero and exactly this spread over the adverts.

    So a seed decides who is slow, not how slow all are.
    """
    index, distinct = pd.factorize(names)
    drawn = rng.normal(size=len(distinct))[index]
    centred = drawn - np.average(drawn, weights=share)
    effects: Floats = centred / np.sqrt(np.average(centred**2, weights=share)) * spread
    return effects
