"""Leak suspects: columns that tell what could not be known when a row was listed, whatever they are called.

A leak known by name is found before any value is read. The others give themselves away in a bounded sample
of the training frame: by the outcome that they foretell, by gaps where the outcome is not known, by an order
that follows time, by values that rows on both sides of a split share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from days_to_sell.data.report import TRAINING_DATA, CheckResult, Report
from days_to_sell.spec import DURATION, OBSERVED, ROW_ID, ModelSpec, Refers, Source

SAMPLE_ROWS, LEAST_ROWS = 4_000, 200
# Cuts of a number by which its order, and any hump in it, is seen; each holds some hundred sampled rows.
CUTS = 20
# A column of ids has a value of its own for most rows; one of sellers or cars repeats its values.
ID_SHARE = 0.9
MISSING = "(missing)"


def named_leaks(source: Source, columns: Sequence[str]) -> CheckResult:
    """Find columns that the spec knows to be gathered during a row's life.

    Args:
        source: The source, with their names.
        columns: Columns that its frame has.
    """
    found = tuple(name for name in source.leaks if name in columns)
    check = "no column gathered during a row's life (leak)"
    return CheckResult(source.name, check, len(columns), len(found), found)


@dataclass(frozen=True)
class Suspect:
    """A column under suspicion.

    Args:
        column: Its name.
        why: What was found, in figures.
        grave: Whether a model that reads it cannot be trusted.
    """

    column: str
    why: str
    grave: bool = True


def leak_suspects(spec: ModelSpec, frame: DataFrame, rows: int) -> Report:
    """Look for leaks in what the model's own code made of the sources.

    A grave suspect that the model reads turns the report red. Another is a warning: it does no harm until
    somebody makes a feature of it.

    Args:
        spec: The model.
        frame: Its training frame with every column that came through, read by the model or not.
        rows: Rows of the frame.

    Returns:
        A result for each kind of suspicion, or two where some suspects are red and some are warnings.
    """
    return judge_sample(spec, _sample(spec, frame, rows))


def judge_sample(spec: ModelSpec, sample: pd.DataFrame) -> Report:
    """Look for leaks in a sample of a training frame, its dates as days."""
    kinds = (
        ("no column foretells the outcome alone (leak)", _foretelling),
        ("no column is missing where the outcome is (leak)", _missing_with_outcome),
        ("no order of ids follows time (leak)", _following_time),
        ("no column but the group names sellers or the like (leak)", _ungrouped),
    )
    read = {column.name for column in spec.columns}
    results: list[CheckResult] = []
    for check, look in kinds:
        if len(sample) < LEAST_ROWS:
            note = f"{len(sample)} rows are too few to tell, {LEAST_ROWS} are needed"
            results.append(CheckResult(TRAINING_DATA, check, len(sample.columns), 0, note=note))
        else:
            results += _results(check, len(sample.columns), list(look(spec, sample)), read)
    return Report(tuple(results))


def _results(check: str, columns: int, suspects: list[Suspect], read: set[str]) -> Iterator[CheckResult]:
    red = tuple(f"{each.column} ({each.why})" for each in suspects if each.grave and each.column in read)
    rest = tuple(
        f"{each.column} ({each.why})" for each in suspects if not each.grave or each.column not in read
    )
    if red or not rest:
        yield CheckResult(TRAINING_DATA, check, columns, len(red), red)
    if rest:
        yield CheckResult(TRAINING_DATA, check, columns, len(rest), rest, halts=False)


def _sample(spec: ModelSpec, frame: DataFrame, rows: int) -> pd.DataFrame:
    """Collect a bounded sample, the same one for the same rows; dates as days, after the listing if known."""
    buckets = max(1, -(-rows // SAMPLE_ROWS))
    taken = F.pmod(F.xxhash64(F.col(ROW_ID).cast("string"), F.lit("leaks")), F.lit(buckets)) == 0
    dates = [field.name for field in frame.schema if field.dataType.typeName() in ("date", "timestamp")]
    listed = F.unix_date(spec.time).cast("double") if spec.time else F.lit(0.0)
    since = {name: F.unix_date(F.col(name).cast("date")) - listed for name in dates if name != spec.time}
    clock = {spec.time: listed} if spec.time else {}
    return frame.where(taken).withColumns(since | clock).limit(2 * SAMPLE_ROWS).toPandas()


def _judged(spec: ModelSpec, sample: pd.DataFrame) -> Iterator[str]:
    """Name the columns that could be a feature."""
    own = {ROW_ID, DURATION, OBSERVED, spec.group, spec.time}
    yield from (name for name in sample.columns if name not in own)


def _foretelling(spec: ModelSpec, sample: pd.DataFrame) -> Iterator[Suspect]:
    """Name columns by which alone the rows can be put into the order of their sales.

    Values, or cuts of numbers, are ranked by sales per day of follow-up in one half of the rows: the
    maximum-likelihood hazard of an exponential time, which takes censoring into account. The concordance
    (Harrell et al., 1982) of that ranking is measured on the other half.
    """
    # It takes a second to import, and only what is built anew is looked through.
    from lifelines.utils import concordance_index

    half = np.arange(len(sample)) % 2 == 0
    learned, held_out = sample[half], sample[~half]
    for name in _judged(spec, sample):
        values = _cut(sample[name])
        sums = learned.groupby(values[half])[[OBSERVED, DURATION]].sum()
        average = sums[OBSERVED].sum() / max(sums[DURATION].sum(), 1.0)
        # A value seen for a few days only says little, so it starts at the average of one sale.
        hazard = (sums[OBSERVED] + 1) / (sums[DURATION] + 1 / max(average, 1e-9))
        ranked = values[~half].map(hazard).fillna(average)
        if not held_out[OBSERVED].any() or ranked.nunique() < 2:
            continue
        found = concordance_index(held_out[DURATION], -ranked, held_out[OBSERVED])
        threshold = spec.suspicion.alone
        if found >= threshold.warning:
            yield Suspect(name, f"concordance {found:.2f} alone", found >= threshold.red)


def _cut(values: pd.Series) -> pd.Series:
    if values.dtype == object or values.dtype == bool:
        return values.astype("string").fillna(MISSING)
    ranks = values.rank(method="average", pct=True)
    return (ranks * CUTS).apply(np.ceil).astype("string").fillna(MISSING)


def _missing_with_outcome(spec: ModelSpec, sample: pd.DataFrame) -> Iterator[Suspect]:
    censored = sample[OBSERVED] == 0
    for name in _judged(spec, sample):
        missing = sample[name].isna()
        share = float((missing == censored).mean())
        least = spec.suspicion.missing_with_outcome
        if missing.nunique() > 1 and censored.nunique() > 1 and max(share, 1 - share) >= least:
            when = "missing" if share > 0.5 else "filled"
            yield Suspect(name, f"{when} where no sale was seen, in {max(share, 1 - share):.1%} of rows")


def _following_time(spec: ModelSpec, sample: pd.DataFrame) -> Iterator[Suspect]:
    """Name columns whose order is that of listing; unsold rows show it where no date does."""
    rows = sample if spec.time else sample[sample[OBSERVED] == 0]
    clock = rows[spec.time or DURATION].rank()
    against = spec.time or "the time unsold rows have been listed"
    for name in (ROW_ID, *_judged(spec, sample)):
        if rows[name].nunique() < ID_SHARE * len(rows) or len(rows) < LEAST_ROWS // 2:
            continue
        correlation = _natural_rank(rows[name]).corr(clock)
        if abs(correlation) >= spec.suspicion.follows_time:
            yield Suspect(name, f"rank correlation {correlation:.3f} with {against}")


def _natural_rank(values: pd.Series) -> pd.Series:
    """Rank values as a person would: numbers within a text by their size."""
    if values.dtype != object:
        return values.rank()
    keys = values.map(lambda text: tuple(_parts(str(text))))
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    # A dictionary of tuples would be taken for an index of several levels.
    return keys.map(places.__getitem__).rank()


def _parts(text: str) -> Iterator[tuple[int, int, str]]:
    for part in re.findall(r"\d+|\D+", text):
        yield (0, int(part), "") if part.isdecimal() else (1, 0, part)


def _ungrouped(spec: ModelSpec, sample: pd.DataFrame) -> Iterator[Suspect]:
    """Name id columns with repeated values: what they name would stand on both sides of a split."""
    referred = {
        check.column for source in spec.sources for check in source.checks if isinstance(check, Refers)
    }
    for name in _judged(spec, sample):
        repeated = sample[name].nunique() < ID_SHARE * sample[name].notna().sum()
        if re.search(r"(^|_)id$", name, re.IGNORECASE) and name not in referred and repeated:
            each = len(sample) / max(sample[name].nunique(), 1)
            why = f"{each:.1f} sampled rows a value, on both sides of a split; name it as group in the spec"
            yield Suspect(name, why, grave=False)
