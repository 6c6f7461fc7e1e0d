"""Cars of the example's market as a service would be asked about them, and ways in which they can change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from days_to_sell.models.days_to_sell.example.market import Market
from days_to_sell.models.days_to_sell.example.offers import Offers, draw_offers
from days_to_sell.models.days_to_sell.example.population import PRIVATE, SELLER_TYPES
from days_to_sell.models.days_to_sell.example.process import expectation_within, visible_log_scale
from days_to_sell.models.days_to_sell.spec import SPEC
from days_to_sell.spec import PREDICTION

Columns = dict[str, npt.NDArray[Any]]
Random = np.random.Generator
Shift = Callable[[Offers, Random], Offers]
NEW_MAKE = "a make that training never saw"


@dataclass(frozen=True)
class Case:
    """Rows that differ from the training data in one way.

    Args:
        name: What is different.
        shift: Makes the difference.
        found: Whether the monitor has to find it, or has to stay quiet; None where the rate is only shown.
        renamed: Share of rows of a make that training never saw.
    """

    name: str
    shift: Shift
    found: bool | None = None
    renamed: float = 0.0

    def columns(self, market: Market, offers: Offers, random: Random) -> Columns:
        """Give the columns of shifted cars."""
        columns = columns_of(market, self.shift(offers, random))
        if self.renamed:
            columns["make"][random.random(len(columns["make"])) < self.renamed] = NEW_MAKE
        return columns


def _same(offers: Offers, random: Random) -> Offers:
    return offers


def _dearer(share: float) -> Shift:
    return lambda offers, random: replace(offers, price=offers.price * (1 + share))


def _driven(share: float) -> Shift:
    return lambda offers, random: replace(offers, mileage=offers.mileage * (1 + share))


def _without_mileage(share: float) -> Shift:
    def forget(offers: Offers, random: Random) -> Offers:
        forgotten = random.random(len(offers.mileage)) < share
        return replace(offers, mileage=np.where(forgotten, np.nan, offers.mileage))

    return forget


def _private(share: float) -> Shift:
    def mix(offers: Offers, random: Random) -> Offers:
        private = offers.seller_type == PRIVATE
        weight = np.where(private, share / private.mean(), (1 - share) / (1 - private.mean()))
        chosen = random.choice(len(private), len(private), p=weight / weight.sum())
        return replace(offers, **{name: each[chosen] for name, each in vars(offers).items()})

    return mix


CASES = (
    Case("nothing: other cars of the same market", _same, found=False),
    Case("prices +5 %", _dearer(0.05)),
    Case("prices +10 %", _dearer(0.10), found=True),
    Case("mileage +20 %", _driven(0.20)),
    Case("mileage +50 %", _driven(0.50)),
    Case("mileage missing in 10 %", _without_mileage(0.10)),
    Case("mileage missing in 20 %", _without_mileage(0.20), found=True),
    Case("5 % of a new make", _same, renamed=0.05),
    Case("10 % of a new make", _same, renamed=0.10, found=True),
    Case("private sellers 18 % -> 30 %", _private(0.30)),
    Case("private sellers 18 % -> 45 %", _private(0.45), found=True),
)


def draw(market: Market, seed: int, blocks: range) -> Offers:
    """Draw the cars of some blocks of days; another seed gives other cars of the same market."""
    drawn = [draw_offers(market.reference, market.population, market.size, seed, block) for block in blocks]
    joined = {name: np.concatenate([getattr(part, name) for part in drawn]) for name in vars(drawn[0])}
    return replace(drawn[0], **joined)


def columns_of(market: Market, offers: Offers) -> Columns:
    """Give the profiled columns of cars; ``days`` is the true expectation, as the best model answers."""
    cars = market.reference.taxonomy.iloc[offers.derivative]
    places = market.population.geography.iloc[offers.outcode]
    price, valuation = np.round(offers.price), np.round(offers.valuation)
    texts = {name: cars[name] for name in ("make", "model", "fuel_type", "transmission")}
    texts |= {name: places[name] for name in ("outcode", "region")}
    return {
        "price_gbp": price,
        "valuation_gbp": valuation,
        "mileage": offers.mileage,
        "price_over_valuation": price / valuation,
        "age_months": offers.age * 12,
        **{name: values.to_numpy(dtype=object) for name, values in texts.items()},
        "seller_type": np.array(SELLER_TYPES, dtype=object)[offers.seller_type],
        PREDICTION: expectation_within(SPEC.horizon).given(
            visible_log_scale(market.reference, market.process, offers)
        ),
    }
