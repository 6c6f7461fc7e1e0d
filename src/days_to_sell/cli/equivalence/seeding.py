"""A difference made on purpose: a copy of a lake in which one value is another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from days_to_sell.errors import DataError
from days_to_sell.spec import ModelSpec


def copy_with_difference(lake: Path, copy: Path, spec: ModelSpec) -> str:
    """Copy a lake and add 1 to what the model is asked "what if" about, in one row of the newest snapshot.

    Args:
        lake: The lake, of Parquet files.
        copy: Folder to become the copy; what is there is replaced.
        spec: For the column and the source that has it.

    Returns:
        What was changed, for a person.

    Raises:
        DataError: The source has no Parquet file to change.
    """
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(lake, copy)
    source = next(each for each in spec.sources if spec.what_if in {column.name for column in each.columns})
    files = sorted((copy / source.name).glob("snapshot_date=*/*.parquet"))
    if not files:
        raise DataError(f"{lake} has no Parquet files of {source.name}, in which a value could be changed")
    rows = pq.read_table(files[-1], partitioning=None)
    number, place = rows.num_rows // 2, rows.column_names.index(spec.what_if)
    values = rows.column(place).to_pylist()
    values[number] += 1
    field = rows.schema.field(place)
    changed = rows.set_column(place, field, pa.array(values, field.type))
    draft = files[-1].with_name(f".{files[-1].name}.part")
    pq.write_table(changed, draft)
    draft.rename(files[-1])
    key = rows.column(source.key[0])[number].as_py()
    before, after = values[number] - 1, values[number]
    return f"{source.name} {key}: {spec.what_if} is {after} in place of {before} in the notebook's lake"
