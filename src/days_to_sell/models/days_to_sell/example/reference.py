"""Reference tables of the example data, as arrays; ``reference/README.md`` says where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pandas as pd

from days_to_sell.models.days_to_sell.example.arrays import Dates, Floats, Ints

MILEAGE_SLOPE = -0.103
"""Change of the log price per 10,000 miles more than usual at the same age, from the same adverts."""


@dataclass(frozen=True)
class Reference:
    """What is known about the market.

    Args:
        areas: One row per postcode area: region, country, centroid, number of outcodes.
        taxonomy: One row per derivative: what the car is, price when new, share of the adverts.
        ages: Whole years for which ``price_ratio``, ``mileage`` and ``age_share`` are given.
        curve: For each derivative, the row of its make in the three tables below.
        price_ratio: Price relative to new, by make and age.
        mileage: Typical mileage in miles, by make and age.
        age_share: Share of a make's adverts, by make and age.
    """

    areas: pd.DataFrame
    taxonomy: pd.DataFrame
    ages: Floats
    curve: Ints
    price_ratio: Floats
    mileage: Floats
    age_share: Floats

    def typical_mileage(self, derivative: Ints, age: Floats) -> Floats:
        """Give the usual mileage in miles of each car at its age in years."""
        return self._at(self.mileage, derivative, age)

    def retail_price(
        self, derivative: Ints, registration_year: Ints, month: Dates, mileage: Floats
    ) -> Floats:
        """Value cars at their retail price.

        Args:
            derivative: Row of the taxonomy, per car.
            registration_year: Calendar year of first registration, per car.
            month: Date of the valuation, per car.
            mileage: Miles; NaN counts as the usual mileage of the age.

        Returns:
            Pounds, rounded to ten.
        """
        middle = (registration_year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 182
        age = np.maximum((month.astype("datetime64[D]") - middle).astype(float) / 365.25, 0.0)
        ratio = self._at(self.price_ratio, derivative, age)
        excess = np.nan_to_num((mileage - self.typical_mileage(derivative, age)) / 10_000, nan=0.0)
        new = self.taxonomy["price_new_gbp"].to_numpy(dtype=float)[derivative]
        price: Floats = np.round(new * ratio * np.exp(MILEAGE_SLOPE * excess), -1)
        return price

    def _at(self, table: Floats, derivative: Ints, age: Floats) -> Floats:
        """Read a table by make and age between its whole years, its last year standing for all later ones."""
        position = np.clip(age, 0.0, self.ages[-1])
        low = np.minimum(position.astype(int), len(self.ages) - 2)
        curve = self.curve[derivative]
        rest = position - low
        value: Floats = table[curve, low] * (1 - rest) + table[curve, low + 1] * rest
        return value


def load_reference() -> Reference:
    """Read the tables that are part of the package."""
    prices = _read("price_by_age.csv")
    taxonomy = _read("taxonomy.csv")
    makes = list(dict.fromkeys(prices["make"]))
    tables = {
        name: prices.pivot(index="make", columns="age_years", values=name).loc[makes].to_numpy(dtype=float)
        for name in ("price_ratio", "median_mileage", "advert_share")
    }
    position = {make: index for index, make in enumerate(makes)}
    return Reference(
        areas=_read("areas.csv"),
        taxonomy=taxonomy,
        ages=np.sort(prices["age_years"].unique()).astype(float),
        curve=np.array([position.get(make, position["All"]) for make in taxonomy["make"]]),
        price_ratio=tables["price_ratio"],
        mileage=tables["median_mileage"],
        age_share=tables["advert_share"],
    )


def _read(name: str) -> pd.DataFrame:
    """Read one table, in which an empty field is the only missing value."""
    with (files("days_to_sell.models.days_to_sell") / "reference" / name).open(encoding="utf-8") as table:
        return pd.read_csv(table, keep_default_na=False, na_values=[""])
