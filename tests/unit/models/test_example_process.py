"""The process behind the example: as hard and as censored as it claims to be, with a true expectation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index, restricted_mean_survival_time

from days_to_sell.models.days_to_sell.example import write_example_lake
from days_to_sell.models.days_to_sell.example.arrays import Floats
from days_to_sell.models.days_to_sell.example.market import Market, open_market
from days_to_sell.models.days_to_sell.example.offers import Offers, draw_offers
from days_to_sell.models.days_to_sell.example.population import SELLER_FRAILTY
from days_to_sell.models.days_to_sell.example.process import (
    AREA_FRAILTY,
    SHAPE,
    draw_outcome,
    expectation_within,
    visible_log_scale,
)
from days_to_sell.models.days_to_sell.spec import SPEC
from tests.unit.models.conftest import Lake, spells_of


@pytest.fixture(scope="module", params=[20, 21, 22])
def spells(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The spells of a lake as the demo has it, each with its truth; under several seeds."""
    root = tmp_path_factory.mktemp("seed")
    lake = Lake(root, write_example_lake(root, seed=request.param))
    return spells_of(lake).merge(lake.read("_truth"), on="row_id", validate="one_to_one")


@pytest.fixture(scope="module")
def market() -> Market:
    """A market whose blocks of days hold some 10,000 cars."""
    return open_market(1_000_000, 20)


@pytest.fixture(scope="module")
def offers(market: Market) -> Offers:
    """The cars of one block of days."""
    return draw_offers(market.reference, market.population, market.size, market.seed, 600)


def test_days_are_as_long_and_as_unpredictable_as_on_a_real_market(spells: pd.DataFrame) -> None:
    """Median 25 to 30 days, 95th percentile 150 to 195; the truth explains 15 to 30 % of log days."""
    explained = np.corrcoef(np.log(spells["days"]), np.log(spells["expected_days"]))[0, 1] ** 2
    assert 25 <= spells["days"].median() <= 30
    assert 150 <= spells["days"].quantile(0.95) <= 195
    assert 0.15 <= explained <= 0.30
    assert 0.60 <= concordance_index(spells["days"], spells["expected_days"]) <= 0.70


def test_a_third_is_censored_and_nearly_all_of_it_by_withdrawal(spells: pd.DataFrame) -> None:
    """30 to 50 % of the sales are not seen; a few cars are still listed at the snapshot."""
    assert 0.30 <= 1 - spells["observed"].mean() <= 0.50
    assert 0.005 < (~spells["withdrawn"] & (spells["observed"] == 0)).mean() < 0.03


def test_withdrawals_come_early_and_more_often_from_dealers(spells: pd.DataFrame) -> None:
    """Half of them fall into the first week or so, and private sellers keep on trying."""
    withdrawn = spells[spells["withdrawn"]]
    share = spells.groupby("seller_type")["withdrawn"].mean()
    assert 2 <= withdrawn["duration"].median() <= 8
    assert share["franchise"] > share["private"] + 0.05
    assert share["independent"] > share["private"] + 0.05


def test_what_is_seen_tells_the_truth_by_kaplan_meier(spells: pd.DataFrame) -> None:
    """Counting withdrawn cars as censored gives the median of all within 2 days, the mean within 4 %."""
    fitted = KaplanMeierFitter().fit(spells["duration"], spells["observed"])
    assert fitted.median_survival_time_ == pytest.approx(spells["days"].median(), abs=2)
    mean = restricted_mean_survival_time(fitted, t=SPEC.horizon)
    assert mean == pytest.approx(spells["days"].clip(upper=SPEC.horizon).mean(), rel=0.04)
    sold_alone = spells.loc[spells["observed"] == 1, "duration"].clip(upper=SPEC.horizon).mean()
    assert sold_alone < 0.93 * mean


def test_the_follow_up_supports_the_horizon_early_and_late(spells: pd.DataFrame) -> None:
    """Twice as many as are asked for are at risk there, before and after the day that parts the folds."""
    listed = pd.to_datetime(spells["listed_on"])
    cut = listed.quantile(0.7).normalize()
    late, early = spells[listed >= cut], spells[listed < cut]
    followed = (cut - listed[listed < cut]).dt.days
    assert (np.minimum(early["duration"], followed) >= SPEC.horizon).mean() > 2 * SPEC.at_risk
    assert (late["duration"] >= SPEC.horizon).mean() > 2 * SPEC.at_risk


def test_the_expectation_is_calibrated_in_every_tenth_and_for_every_seller_type(tmp_path: Path) -> None:
    """Within each of these groups, restricted days and expectation agree in the mean, within 4 %."""
    lake = Lake(tmp_path, write_example_lake(tmp_path, adverts=100_000))
    spells = spells_of(lake).merge(lake.read("_truth"), on="row_id")
    spells["restricted"] = spells["days"].clip(upper=SPEC.horizon)
    for group in (pd.qcut(spells["expected_days"], 10, labels=False), spells["seller_type"]):
        means = spells.groupby(group)[["restricted", "expected_days"]].mean()
        assert (means["restricted"] / means["expected_days"] - 1).abs().max() < 0.04


@pytest.mark.parametrize("log_scale", [2.0, 3.5, 5.0])
def test_the_expectation_agrees_with_simulation(log_scale: float) -> None:
    """For one scale, the quadrature gives what a million draws of frailty and chance give."""
    rng = np.random.default_rng(1)
    frailty = rng.normal(0.0, np.hypot(SELLER_FRAILTY, AREA_FRAILTY), 1_000_000)
    days = np.floor(np.exp(log_scale + frailty) * rng.exponential(size=1_000_000) ** (1 / SHAPE))
    expected = expectation_within(SPEC.horizon).given(np.array([log_scale]))
    assert np.clip(days, 0.5, SPEC.horizon).mean() == pytest.approx(expected[0], rel=0.01)


def test_the_expectation_of_a_car_is_its_mean_over_sellers_and_chance(market: Market, offers: Offers) -> None:
    """Cars drawn again and again with another seller, area and chance come to what the truth says of them."""
    rng = np.random.default_rng(5)
    few = offers.where(np.arange(len(offers.number)) < 200)
    visible = visible_log_scale(market.reference, market.process, few)
    total = np.zeros(200)
    for _ in range(2_000):
        frailty = rng.normal(0.0, SELLER_FRAILTY, 200)
        area = market.process.area[rng.integers(0, len(market.process.area), 200)]
        # The area goes in by the frailty, for the region of the car has to stay.
        drawn = replace(few, frailty=frailty + area - market.process.area[few.outcode])
        days = draw_outcome(market.reference, market.process, drawn, rng).days
        total += np.clip(days, 0.5, SPEC.horizon)
    expected = expectation_within(SPEC.horizon).given(visible)
    assert (total / 2_000).mean() == pytest.approx(expected.mean(), rel=0.01)
    assert np.abs(total / 2_000 / expected - 1).max() < 0.15


def moved(market: Market, offers: Offers, **changes: object) -> Floats:
    """Give how far the log scale of each car moves when some of it changes."""
    before = visible_log_scale(market.reference, market.process, offers)
    after = visible_log_scale(market.reference, market.process, replace(offers, **changes))  # type: ignore[arg-type]
    return after - before


def test_a_dearer_car_takes_longer_and_more_so_above_its_valuation(market: Market, offers: Offers) -> None:
    """Five per cent more on the price lengthen every sale, those of dear cars by more than those of cheap."""
    longer = moved(market, offers, price=offers.price * 1.05)
    dear = offers.price > offers.valuation
    assert longer.min() > 0.15
    assert longer[dear].min() > longer[offers.price * 1.05 < offers.valuation].max()


def test_age_seller_place_season_and_the_car_itself_all_count(market: Market, offers: Offers) -> None:
    """Each of them, changed alone, moves the days on sale, in the direction that the record says."""
    older = offers.registered_on - 731
    assert (
        moved(market, replace(offers, mileage=np.full(len(older), np.nan)), registered_on=older) > 0.09
    ).all()
    private, franchise = np.full(len(older), 2), np.full(len(older), 0)
    assert (moved(market, replace(offers, seller_type=franchise), seller_type=private) > 0.3).all()
    rng = np.random.default_rng(2)
    anywhere = rng.integers(0, len(market.process.region), len(older))
    assert 0.15 < moved(market, offers, outcode=anywhere).std() < 0.25
    another = rng.permutation(offers.derivative)
    assert 0.5 < moved(market, offers, derivative=another).std() < 0.9
    half_a_year_on = moved(
        market, offers, listed_on=offers.listed_on + 183, registered_on=offers.registered_on + 183
    )
    assert 0.02 < np.abs(half_a_year_on).mean() < 0.17
