"""The market as Arrow tables: the four sources, and the truth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from days_to_sell.models.days_to_sell.example.arrays import Bools, Floats, Ints, Texts
from days_to_sell.models.days_to_sell.example.ids import ids
from days_to_sell.models.days_to_sell.example.market import Market, Seen
from days_to_sell.models.days_to_sell.example.population import SELLER_TYPES
from days_to_sell.models.days_to_sell.example.process import Expectation
from days_to_sell.models.days_to_sell.example.reference import Reference
from days_to_sell.models.days_to_sell.example.valuations import Valuations
from days_to_sell.models.days_to_sell.mileage_bands import BANDS, UNKNOWN
from days_to_sell.models.days_to_sell.spec import SOLD, WITHDRAWN

CHEAPER = 0.02
"""Share by which each relisting lowers the price."""


def adverts_table(market: Market, seen: Seen) -> pa.Table:
    """List the adverts that are seen as they stand on that day."""
    shown, car = seen.shown, seen.adverts.car[seen.shown]
    offers, seed = seen.offers, market.seed
    price = np.round(offers.price[car] * (1 - CHEAPER) ** seen.adverts.place[shown])
    gone = seen.gone[shown]
    return pa.table(
        {
            "advert_id": _ids(seen.advert_id[shown]),
            "derivative_id": _named(market.reference.taxonomy["derivative_id"], offers.derivative[car]),
            "seller_id": _ids(ids("s", offers.seller, seed)[car]),
            "seller_type": _named(SELLER_TYPES, offers.seller_type[car]),
            "outcode": _named(market.population.geography["outcode"], offers.outcode[car]),
            "listed_on": pa.array(seen.listed_on[shown], type=pa.date32()),
            "removed_on": pa.array(seen.removed_on[shown], mask=~gone, type=pa.date32()),
            "price_gbp": pa.array(price.astype(np.int64)),
            "mileage": _whole(offers.mileage[car]),
            "registered_on": pa.array(offers.registered_on[car], type=pa.date32()),
            "vehicle_id": _ids(ids("v", offers.number, seed)[car]),
            "removal_reason": _named((WITHDRAWN, SOLD), seen.adverts.sold[shown], missing=~gone),
        }
    )


def truth_table(seen: Seen, expectation: Expectation) -> pa.Table:
    """List what a model may be judged by, per car that is seen, under the id of its first advert."""
    cars, outcome = seen.cars, seen.outcome
    log_scale = outcome.log_scale[cars]
    return pa.table(
        {
            "row_id": _ids(seen.first_advert_id[cars]),
            "expected_days": pa.array(expectation.given(log_scale)),
            "log_scale": pa.array(log_scale),
            "days": pa.array(np.maximum(outcome.days[cars], 0.5)),
        }
    )


def taxonomy_table(reference: Reference) -> pa.Table:
    """List the derivatives."""
    names = ("derivative_id", "make", "model", "derivative", "fuel_type", "transmission", "body_type")
    columns = {name: pa.array(reference.taxonomy[name], type=pa.string(), from_pandas=True) for name in names}
    for name in ("engine_cc", "power_ps"):
        columns[name] = _whole(reference.taxonomy[name].to_numpy(dtype=float))
    return pa.table(columns)


def valuations_table(reference: Reference, valuations: Valuations) -> pa.Table:
    """List the valuations, by the month in which they became known."""
    return pa.table(
        {
            "derivative_id": _named(reference.taxonomy["derivative_id"], valuations.derivative),
            "registration_year": pa.array(valuations.registration_year),
            "valued_on": pa.array(valuations.month, type=pa.date32()),
            "mileage_band": _named((*BANDS, UNKNOWN), valuations.band),
            "retail_gbp": pa.array(valuations.retail.astype(np.int64)),
        }
    )


def _ids(texts: Texts) -> pa.Array:
    return pa.array(texts, type=pa.binary()).cast(pa.string())


def _named(names: object, index: Ints | Bools, missing: Bools | None = None) -> pa.Array:
    """Give texts by their index into a few, stored once each."""
    codes = pa.array(index.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(codes, pa.array(names, type=pa.string()))


def _whole(numbers: Floats) -> pa.Array:
    """Give whole numbers, null where NaN."""
    missing = np.isnan(numbers)
    return pa.array(np.where(missing, 0, numbers).astype(np.int64), mask=missing)
