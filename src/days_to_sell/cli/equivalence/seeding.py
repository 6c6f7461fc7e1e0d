"""A difference made on purpose: a copy of a lake in which one value is another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from days_to_sell.errors import DataError
from days_to_sell.spec import ROW_ID, ModelSpec


def copy_with_difference(lake: Path, copy: Path, spec: ModelSpec, trained: Path) -> str:
    """Copy a lake and add 1 to what the model is asked "what if" about, in one row of the newest snapshot.

    Args:
        lake: The lake, of Parquet files.
        copy: Folder to become the copy; what is there is replaced.
        spec: For the column and the source that has it.
        trained: Training rows made from the lake; the row is one of them, since not each one is.

    Returns:
        What was changed, for a person.

    Raises:
        DataError: The model has no such column, or no Parquet file of the source such a row.
    """
    column = spec.what_if
    if column is None:
        raise DataError(f"model {spec.name!r} names no what_if, so there is no value to change")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(lake, copy)
    source = next(each for each in spec.sources if column in {known.name for known in each.columns})
    known = set(pq.read_table(trained, columns=[ROW_ID])[ROW_ID].to_pylist())
    for file in sorted((copy / source.name).glob("snapshot_date=*/*.parquet"), reverse=True):
        rows = pq.read_table(file, partitioning=None)
        keys = rows.column(source.key[0]).to_pylist()
        found = [number for number, key in enumerate(keys) if key in known]
        if found:
            number = found[len(found) // 2]
            before = _add_one(file, rows, column, number)
            changed = f"{column} is {before + 1} in place of {before}"
            return f"{source.name} {keys[number]}: {changed} in the notebook's lake"
    raise DataError(f"{lake} has no Parquet file of {source.name} with a row of {trained}")


def _add_one(file: Path, rows: pa.Table, column: str, number: int) -> float:
    """Write the file anew with 1 more in one value, and give the value as it was."""
    place = rows.column_names.index(column)
    values = rows.column(place).to_pylist()
    before: float = values[number]
    values[number] = before + 1
    field = rows.schema.field(place)
    changed = rows.set_column(place, field, pa.array(values, field.type))
    draft = file.with_name(f".{file.name}.part")
    pq.write_table(changed, draft)
    draft.rename(file)
    return before
