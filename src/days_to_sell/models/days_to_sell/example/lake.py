"""The example market as a lake of four sources, with the truth kept apart."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from days_to_sell.errors import DataError
from days_to_sell.models.days_to_sell.example.market import open_market, seen_on
from days_to_sell.models.days_to_sell.example.process import expectation_within
from days_to_sell.models.days_to_sell.example.tables import (
    adverts_table,
    taxonomy_table,
    truth_table,
    valuations_table,
)
from days_to_sell.models.days_to_sell.example.valuations import valued, wanted
from days_to_sell.models.days_to_sell.spec import SPEC
from days_to_sell.models.snapshots import new_snapshot

SNAPSHOT = date(2025, 6, 30)
TRUTH = "_truth"
FEWEST, LARGEST = 100, 50_000_000


def write_example_lake(
    root: Path,
    *,
    data: Path | None = None,
    adverts: int = 20_000,
    seed: int = 20,
    snapshot: date | None = None,
) -> date:
    """Generate adverts, cars, valuations and places, and write them as one snapshot.

    The same arguments give the same tables. Another snapshot date shows the same market on another day: a
    car that stands in both lakes is the same in both. ``_truth`` beside the sources holds, per row of the
    training frame, the days to sell without censoring and their expectation; it is for judging a model and no
    source.

    Args:
        root: Folder of the lake; a snapshot of the same date in it is replaced.
        data: Not read: this example is generated.
        adverts: Cars offered in the eight years up to the snapshot, from 100 to 50 million. As many rows has
            the training frame; relistings add about a tenth to the source ``adverts``.
        seed: Seed of the generator.
        snapshot: Day on which adverts still listed are censored; 2025-06-30 unless given.

    Returns:
        Date of the snapshot.

    Raises:
        DataError: Too few adverts are asked for, or too many.
    """
    if not FEWEST <= adverts <= LARGEST:
        why = "holds too few sellers" if adverts < FEWEST else "would repeat ids"
        raise DataError(
            f"an example lake of {adverts} adverts {why}; ask for {FEWEST} or more, up to {LARGEST}"
        )
    day = SNAPSHOT if snapshot is None else snapshot
    market, expectation = open_market(adverts, seed), expectation_within(SPEC.horizon)
    shown, truth, codes = [], [], []
    for seen in seen_on(market, day):
        shown.append(adverts_table(market, seen))
        truth.append(truth_table(seen, expectation))
        codes.append(wanted(seen))
    valuations = valued(market.reference, np.unique(np.concatenate(codes)))
    tables = {
        # An id says nothing about time, so nor does the order of the rows.
        "adverts": pa.concat_tables(shown).sort_by("advert_id"),
        "taxonomy": taxonomy_table(market.reference),
        "valuations": valuations_table(market.reference, valuations),
        "geography": pa.Table.from_pandas(market.population.geography, preserve_index=False),
        TRUTH: pa.concat_tables(truth).sort_by("row_id"),
    }
    with ExitStack() as snapshots:
        for source, table in tables.items():
            folder = snapshots.enter_context(new_snapshot(root, source, day))
            name = "truth.parquet" if source == TRUTH else "part-0.parquet"
            pq.write_table(table.replace_schema_metadata(None), folder / name, store_schema=False)
    return day
