"""A market that goes on for ever, and what of it is seen on one day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from days_to_sell.models.days_to_sell.example.arrays import Bools, Dates, Texts
from days_to_sell.models.days_to_sell.example.ids import ids
from days_to_sell.models.days_to_sell.example.offers import BLOCK_DAYS, WINDOW_DAYS, Offers, draw_offers
from days_to_sell.models.days_to_sell.example.population import Population, draw_population
from days_to_sell.models.days_to_sell.example.process import Outcome, Process, draw_outcome, draw_process
from days_to_sell.models.days_to_sell.example.reference import Reference, load_reference
from days_to_sell.models.days_to_sell.example.relisting import MOST, Adverts, draw_adverts


@dataclass(frozen=True)
class Market:
    """What decides everything that is for sale, at any time.

    Args:
        reference: What is known about the real market.
        population: Places and dealers.
        process: What makes cars quick or slow to sell.
        size: Cars offered in the time that a lake covers.
        seed: Seed; each part draws from a stream of its own, so that a change in one leaves the others.
    """

    reference: Reference
    population: Population
    process: Process
    size: int
    seed: int


@dataclass(frozen=True)
class Seen:
    """Cars first listed within some days, and their adverts, as seen on one day.

    Args:
        offers: All cars of those days, seen or not.
        outcome: What becomes of each of them in the end.
        adverts: All their adverts.
        listed_on: Day of listing, per advert.
        removed_on: Day of removal, per advert, be it after the day on which they are seen.
        cars: Which of the cars are seen.
        shown: Which of the adverts are seen.
        gone: Which of the adverts are removed by then.
        advert_id: Per advert.
        first_advert_id: Of the first advert, per car.
    """

    offers: Offers
    outcome: Outcome
    adverts: Adverts
    listed_on: Dates
    removed_on: Dates
    cars: Bools
    shown: Bools
    gone: Bools
    advert_id: Texts
    first_advert_id: Texts


def open_market(size: int, seed: int) -> Market:
    """Draw what does not change: places, dealers, and the effects of cars and regions."""
    reference = load_reference()
    population = draw_population(reference.areas, size, seed)
    return Market(reference, population, draw_process(reference, population, seed), size, seed)


def seen_on(market: Market, snapshot: date) -> Iterator[Seen]:
    """Give, block by block, the cars first listed in the eight years up to a day, as seen on it."""
    last = (snapshot - date(1970, 1, 1)).days
    for block in range((last - WINDOW_DAYS + 1) // BLOCK_DAYS, last // BLOCK_DAYS + 1):
        yield _seen(market, np.datetime64(snapshot, "D"), block)


def _seen(market: Market, day: np.datetime64, block: int) -> Seen:
    seed = market.seed
    offers = draw_offers(market.reference, market.population, market.size, seed, block)
    outcome = draw_outcome(market.reference, market.process, offers, np.random.default_rng([seed, 11, block]))
    adverts = draw_adverts(offers.seller_type, outcome, np.random.default_rng([seed, 12, block]))
    first = offers.listed_on[adverts.car]
    listed_on = first + adverts.listed.astype(np.int64)
    removed_on = first + adverts.removed.astype(np.int64)
    cars = (offers.listed_on > day - WINDOW_DAYS) & (offers.listed_on <= day)
    numbers = offers.number * MOST
    return Seen(
        offers=offers,
        outcome=outcome,
        adverts=adverts,
        listed_on=listed_on,
        removed_on=removed_on,
        cars=cars,
        shown=cars[adverts.car] & (listed_on <= day),
        gone=removed_on <= day,
        advert_id=ids("a", numbers[adverts.car] + adverts.place, seed),
        first_advert_id=ids("a", numbers, seed),
    )
