"""How long adverts last: the process that generates days, and its exact expectation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from days_to_sell.models.days_to_sell.example.arrays import Floats
from days_to_sell.models.days_to_sell.example.market import Market
from days_to_sell.models.days_to_sell.example.reference import Reference

SHAPE = 1.10
"""Weibull shape of a single advert: its hazard rises slowly; mixed over frailty it falls."""

SELLER_FRAILTY, AREA_FRAILTY = 0.30, 0.10
"""Standard deviations, on log days, of what no feature shows."""

INTERCEPT = 3.67
CHEAP, DEAR = 4.0, 6.0
"""Log days per unit of log price over valuation, below and above the valuation."""

SELLER_TYPE = np.array([-0.12, 0.0, 0.25])
FUEL = {"Electric": 0.30, "Plug-in Hybrid": 0.12, "Hybrid": -0.12, "Diesel": 0.06}


@dataclass(frozen=True)
class Outcome:
    """What becomes of each advert.

    Args:
        days: Whole days on sale, had nobody stopped looking; 0 is sold on the day of listing.
        expected: Expected days restricted to the horizon, given all that is visible at listing.
    """

    days: Floats
    expected: Floats


def draw_outcome(reference: Reference, market: Market, seed: int, horizon: int) -> Outcome:
    """Draw the days on sale of every advert and work out their expectation.

    Args:
        reference: What is known about the market.
        market: The adverts.
        seed: Seed.
        horizon: Days at which the expectation is restricted.
    """
    visible = _log_scale(reference, market, np.random.default_rng([seed, 10]))
    rng = np.random.default_rng([seed, 11])
    seller = rng.normal(0.0, SELLER_FRAILTY, len(market.sellers.ids))[market.seller]
    area, areas = pd.factorize(market.geography["postcode_area"])
    place = _effects(rng, len(areas), AREA_FRAILTY)[area[market.sellers.outcode[market.seller]]]
    chance = rng.exponential(size=len(visible)) ** (1 / SHAPE)
    return Outcome(np.floor(np.exp(visible + seller + place) * chance), expected_days(visible, horizon))


def expected_days(log_scale: Floats, horizon: int) -> Floats:
    """Average the restricted days over the frailty of seller and area.

    Days count as in the training data: whole days, and half a day for a sale on the day of listing. So the
    expectation is a sum of survival probabilities, exact but for the average over the frailty, which is
    Gauss-Hermite quadrature on a fine grid of scales.

    Args:
        log_scale: Visible part of the log of the Weibull scale.
        horizon: Days at which the expectation is restricted.
    """
    grid = np.linspace(log_scale.min() - 1e-6, log_scale.max() + 1e-6, 400)
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    spread = float(np.hypot(SELLER_FRAILTY, AREA_FRAILTY))
    scale = np.exp(grid[:, None, None] + spread * nodes[:, None])
    survival = np.exp(-((np.arange(1, horizon + 1) / scale) ** SHAPE))
    mixed = np.tensordot(survival, weights / weights.sum(), axes=(1, 0))
    days = 0.5 * (1 - mixed[:, 0]) + mixed.sum(axis=1)
    return np.interp(log_scale, grid, days)


def _log_scale(reference: Reference, market: Market, rng: np.random.Generator) -> Floats:
    """Add up what the visible features contribute to the log of the Weibull scale."""
    taxonomy = reference.taxonomy
    dearness = np.log(market.price / market.valuation)
    usual = reference.typical_mileage(market.derivative, market.age)
    wear = np.nan_to_num(0.15 * np.log(market.mileage / usual), nan=0.10)
    season = 2 * np.pi * (market.listed_on - market.listed_on.astype("datetime64[Y]")).astype(float) / 365.25
    fuel = taxonomy["fuel_type"].map(FUEL).fillna(0.0).to_numpy()
    region, regions = pd.factorize(market.geography["region"])
    place = _effects(rng, len(regions), 0.12)[region]
    log_scale: Floats = (
        INTERCEPT
        + np.where(dearness > 0, DEAR, CHEAP) * dearness
        + (_desirability(taxonomy, rng) + fuel)[market.derivative]
        + 0.04 * (market.age - 4)
        + wear
        + 0.30 * np.log(market.valuation / 14_000)
        + SELLER_TYPE[market.sellers.type[market.seller]]
        + place[market.sellers.outcode[market.seller]]
        - 0.08 * np.cos(season - 1.0)
    )
    return log_scale


def _desirability(taxonomy: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Draw how slowly each make and each of its models sells, per derivative."""
    make, makes = pd.factorize(taxonomy["make"])
    model, models = pd.factorize(taxonomy["make"] + " " + taxonomy["model"])
    slowness: Floats = _effects(rng, len(makes), 0.22)[make] + _effects(rng, len(models), 0.28)[model]
    return slowness


def _effects(rng: np.random.Generator, count: int, spread: float) -> Floats:
    """Draw effects of mean zero and exactly this spread; a seed decides who is slow, not how slow all are."""
    drawn = rng.normal(size=count)
    effects: Floats = (drawn - drawn.mean()) / drawn.std() * spread
    return effects
