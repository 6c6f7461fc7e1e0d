"""The example market as a lake of four sources, with the truth kept apart."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from days_to_sell.errors import DataError
from days_to_sell.models.days_to_sell.example.arrays import Floats
from days_to_sell.models.days_to_sell.example.market import SELLER_TYPES, Market, draw_market, valuation_rows
from days_to_sell.models.days_to_sell.example.process import Outcome, draw_outcome
from days_to_sell.models.days_to_sell.example.reference import Reference, load_reference
from days_to_sell.models.days_to_sell.mileage_bands import BANDS, UNKNOWN
from days_to_sell.models.days_to_sell.spec import SPEC
from days_to_sell.models.snapshots import new_snapshot

SNAPSHOT = date(2025, 6, 30)
TRUTH = "_truth"


def write_example_lake(
    root: Path,
    *,
    data: Path | None = None,
    adverts: int = 20_000,
    seed: int = 20,
    snapshot: date | None = None,
) -> date:
    """Generate adverts, cars, valuations and places, and write them as one snapshot.

    The same arguments give the same tables. ``_truth`` beside the sources holds, per advert, the days on
    sale without censoring and their expectation; it is for judging a model and no source.

    Args:
        root: Folder of the lake; a snapshot of the same date in it is replaced.
        data: Not read: this example is generated.
        adverts: Number of adverts, at least 100.
        seed: Seed of the generator.
        snapshot: Day on which adverts still listed are censored; 2025-06-30 unless given.

    Returns:
        Date of the snapshot.

    Raises:
        DataError: Fewer than 100 adverts are asked for.
    """
    if adverts < 100:
        raise DataError(f"an example lake of {adverts} adverts holds too few sellers; ask for 100 or more")
    day = SNAPSHOT if snapshot is None else snapshot
    reference = load_reference()
    market = draw_market(reference, adverts, seed, day)
    outcome = draw_outcome(reference, market, seed, SPEC.horizon)
    tables = {
        "adverts": _adverts(reference, market, outcome, day),
        "taxonomy": _taxonomy(reference),
        "valuations": _valuations(reference, market),
        "geography": pa.Table.from_pandas(market.geography, preserve_index=False),
        TRUTH: _truth(market, outcome),
    }
    with ExitStack() as snapshots:
        for source, table in tables.items():
            folder = snapshots.enter_context(new_snapshot(root, source, day))
            name = "truth.parquet" if source == TRUTH else "part-0.parquet"
            pq.write_table(table.replace_schema_metadata(None), folder / name)
    return day


def _adverts(reference: Reference, market: Market, outcome: Outcome, snapshot: date) -> pa.Table:
    """List the adverts as they stand at the snapshot, ordered by an id that says nothing about time."""
    removed_on = market.listed_on + outcome.days.astype(np.int64)
    sold = removed_on <= np.datetime64(snapshot, "D")
    sellers = market.sellers
    table = pa.table(
        {
            "advert_id": pa.array(market.advert_id),
            "derivative_id": pa.array(reference.taxonomy["derivative_id"].to_numpy()[market.derivative]),
            "seller_id": pa.array(sellers.ids[market.seller]),
            "seller_type": pa.array(np.array(SELLER_TYPES, dtype=object)[sellers.type[market.seller]]),
            "outcode": pa.array(market.geography["outcode"].to_numpy()[sellers.outcode[market.seller]]),
            "listed_on": pa.array(market.listed_on, type=pa.date32()),
            "removed_on": pa.array(removed_on, mask=~sold, type=pa.date32()),
            "price_gbp": pa.array(market.price.astype(np.int64)),
            "mileage": _whole(market.mileage),
            "registered_on": pa.array(market.registered_on, type=pa.date32()),
        }
    )
    return table.sort_by("advert_id")


def _taxonomy(reference: Reference) -> pa.Table:
    """List the derivatives."""
    names = ("derivative_id", "make", "model", "derivative", "fuel_type", "transmission", "body_type")
    columns = {name: pa.array(reference.taxonomy[name], type=pa.string(), from_pandas=True) for name in names}
    for name in ("engine_cc", "power_ps"):
        columns[name] = _whole(reference.taxonomy[name].to_numpy(dtype=float))
    return pa.table(columns)


def _valuations(reference: Reference, market: Market) -> pa.Table:
    """List the valuations, by the month in which they became known."""
    rows = valuation_rows(reference, market)
    months = rows["valued_on"].to_numpy().astype("datetime64[M]").astype("datetime64[D]")
    return pa.table(
        {
            "derivative_id": pa.array(
                reference.taxonomy["derivative_id"].to_numpy()[rows["derivative"].to_numpy()]
            ),
            "registration_year": pa.array(rows["registration_year"].to_numpy()),
            "valued_on": pa.array(months, type=pa.date32()),
            "mileage_band": pa.array(np.array([*BANDS, UNKNOWN], dtype=object)[rows["band"].to_numpy()]),
            "retail_gbp": pa.array(rows["retail_gbp"].to_numpy().astype(np.int64)),
        }
    )


def _truth(market: Market, outcome: Outcome) -> pa.Table:
    """List what a model is judged by."""
    return pa.table(
        {
            "advert_id": pa.array(market.advert_id),
            "expected_days": pa.array(outcome.expected),
            "days": pa.array(np.maximum(outcome.days, 0.5)),
        }
    ).sort_by("advert_id")


def _whole(numbers: Floats) -> pa.Array:
    """Give whole numbers, null where NaN."""
    missing = np.isnan(numbers)
    return pa.array(np.where(missing, 0, numbers).astype(np.int64), mask=missing)
