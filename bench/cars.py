"""Rows as a service meets them: drawn from a package's golden rows and contract, strange ones among them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from days_to_sell.errors import PackageError
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor, Refusal
from days_to_sell.spec import Field

SEED = 17
UNSEEN_SHARE = NULL_SHARE = 0.02
# A model that refuses more than this of such rows cannot be asked at length.
TRIES = 20


@dataclass(frozen=True)
class Case:
    """One request of one row.

    Args:
        body: The document.
        days: What the scorer answers.
    """

    body: str
    days: float


def cases(package: ModelPackage, count: int, seed: int = SEED) -> list[Case]:
    """Make requests that a model answers, each another row.

    Args:
        package: The model.
        count: How many.
        seed: Another one makes other rows.

    Raises:
        PackageError: The model refuses almost all of them.
    """
    predictor, choose = Predictor(package), random.Random(seed)  # noqa: S311 - nothing secret
    golden = [row.input for row in package.golden]
    found: dict[str, Case] = {}
    for _ in range(TRIES * count):
        row = _row(package.contract.fields, golden, choose)
        (days,) = predictor.predict([row])
        if not isinstance(days, Refusal):
            body = json.dumps({"dataframe_records": [row]})
            found[body] = Case(body, days)
            if len(found) == count:
                return list(found.values())
    raise PackageError(f"{package.root} answers {len(found)} of {TRIES * count} rows made of its golden ones")


def _row(
    fields: Sequence[Field], golden: Sequence[Mapping[str, Any]], choose: random.Random
) -> dict[str, Any]:
    """Take each value from another golden row, from the categories, or from nowhere."""
    return {each.column.name: _value(each, golden, choose) for each in fields}


def _value(field: Field, golden: Sequence[Mapping[str, Any]], choose: random.Random) -> Any:
    column, luck = field.column, choose.random()
    if column.nullable and luck < NULL_SHARE:
        return None
    if column.type == "string" and luck > 1 - UNSEEN_SHARE:
        return f"unseen {choose.randrange(1_000)}"
    if field.categories:
        return choose.choice(field.categories)
    value = choose.choice(golden)[column.name]
    if column.type == "double" and value is not None and luck < 0.5:
        # Between what was seen, so that no two rows are alike.
        other = choose.choice(golden)[column.name]
        return value if other is None else round(choose.uniform(value, other), 3)
    return value
