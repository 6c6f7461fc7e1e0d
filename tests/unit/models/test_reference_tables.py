"""The reference tables that the example data stand on."""

from __future__ import annotations

import numpy as np

from days_to_sell.models.days_to_sell.example.reference import load_reference


def test_areas_are_the_postcode_areas_of_the_united_kingdom() -> None:
    """121 areas in 12 regions, none of the Crown Dependencies, all within the islands' coordinates."""
    areas = load_reference().areas
    assert len(areas) == 121
    assert areas["postcode_area"].is_unique
    assert areas["region"].nunique() == 12
    assert not set(areas["postcode_area"]) & {"GY", "JE", "IM"}
    assert areas["latitude"].between(49.9, 60.9).all()
    assert areas["longitude"].between(-8.2, 1.8).all()


def test_taxonomy_names_each_car_once_and_invents_no_engine() -> None:
    """Rows are distinct, shares sum to one, and electric cars have no engine."""
    cars = load_reference().taxonomy
    assert not cars.duplicated(["make", "model", "derivative", "engine_cc"]).any()
    assert abs(cars["advert_share"].sum() - 1) < 1e-3
    assert cars.loc[cars["fuel_type"] == "Electric", "engine_cc"].isna().all()
    assert cars.loc[cars["make"].isin(["Audi", "BMW", "Skoda", "Volkswagen"]), "engine_cc"].isna().all()
    assert {"Ford", "Nissan", "Kia", "Peugeot", "Tesla", "BMW"} <= set(cars["make"])


def test_prices_fall_and_mileage_grows_with_age_for_every_make() -> None:
    """Along the ages, no make's price ratio rises and no make's usual mileage falls."""
    reference = load_reference()
    assert (np.diff(reference.price_ratio, axis=1) < 0).all()
    assert (np.diff(reference.mileage, axis=1) >= 0).all()
    assert np.allclose(reference.age_share.sum(axis=1), 1, atol=0.002)


def test_more_miles_lower_the_retail_price() -> None:
    """The same car in the same month is worth less with more miles; unstated miles count as usual ones."""
    reference = load_reference()
    car = np.zeros(3, dtype=np.int64)
    year, month = np.full(3, 2021), np.full(3, np.datetime64("2024-05"))
    usual = reference.typical_mileage(car[:1], np.array([2.9]))[0]
    low, high, unstated = reference.retail_price(car, year, month, np.array([1_000, 90_000, np.nan]))
    near = reference.retail_price(car[:1], year[:1], month[:1], np.array([usual]))[0]
    assert high < unstated < low
    assert abs(near / unstated - 1) < 0.02
