"""The service over small packages made by hand: real contract, derivations, bundle and golden data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from days_to_sell.scoring.bins import NumberBins, TextBins
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import ModelPackage, write_package
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.settings import Settings
from days_to_sell.spec import Column, Field, Quantile, Ratio, RequestContract
from serving.app import create_app
from tests.packages import days_by_formula, write_bundle
from tests.unit.serving.described import DescribedClient

CAR: dict[str, Any] = {
    "make": "Ford",
    "price_gbp": 9_500.0,
    "valuation_gbp": 10_000.0,
    "mileage": 42_000.0,
    "doors": 5,
    "as_of": "2026-03-01",
}
CAR_DAYS = days_by_formula(CAR)
# Of 20 cars; the texts hold every character that Prometheus escapes.
AWKWARD = 'A "Make"\\\n'
PROFILE = Profile(
    20,
    {
        "make": Histogram(TextBins(("Ford", "Kia", AWKWARD), ("Lada",)), (10, 5, 2, 2, 0, 1)),
        "price_gbp": Histogram(NumberBins((5_000.0, 9_500.0, 20_000.0)), (1, 9, 10, 0, 0)),
        "mileage": Histogram(NumberBins((10.0, 50_000.0)), (1, 17, 0, 2)),
    },
    Histogram(NumberBins((30.0, 45.0, 60.0)), (1, 14, 5, 0, 0)),
)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """A package whose contract has every type of column."""
    return write_cars(tmp_path_factory.mktemp("service"))


def write_cars(folder: Path, quantiles: tuple[Quantile, ...] = ()) -> ModelPackage:
    """Write a package whose contract has every type of column, nullable and defaulting ones among them."""
    write_bundle(folder / "bundle.zip")
    return write_package(
        folder / "package",
        model="tiny-model",
        bundle=folder / "bundle.zip",
        contract=RequestContract(
            model="tiny-model",
            title="Tiny model",
            description="Days by a formula that a test can work out",
            horizon=180,
            fields=(
                Field(Column("make", "string", description="Who built it."), ("Ford", "Kia"), "Ford"),
                Field(Column("price_gbp", "double", "GBP", minimum=1, maximum=1e6), example=9_500.0),
                Field(Column("valuation_gbp", "double", "GBP", minimum=0), example=10_000.0),
                Field(Column("mileage", "double", "miles", nullable=True, minimum=0), example=42_000.0),
                Field(Column("doors", "long", minimum=2, maximum=7), example=5),
                Field(Column("as_of", "date", default_today=True), example="2026-03-01"),
            ),
            quantiles=quantiles,
        ),
        derivations=Derivations({"price_to_valuation": Ratio("price_gbp", "valuation_gbp")}, {}),
        golden=[GoldenRow("row-0", "sample", CAR, CAR_DAYS)],
        profile=PROFILE,
        provenance={"run_id": "a1b2c3", "code_commit": "0123456789abcdef"},
    )


@pytest.fixture
def make_client(package: ModelPackage) -> Callable[..., FlaskClient]:
    """Start the service with chosen settings."""

    def make(**settings: Any) -> FlaskClient:
        return described(create_app(package, Settings(**settings))).test_client()

    return make


@pytest.fixture
def app(package: ModelPackage) -> Flask:
    """The service as deployed: settings that name version and environment."""
    settings = Settings(environment="preprod", model_version="7", max_rows=50, max_body_bytes=20_000)
    return described(create_app(package, settings))


def described(app: Flask) -> Flask:
    """Have every client of an application hold its replies against its OpenAPI document."""
    app.test_client_class = DescribedClient
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the service."""
    return app.test_client()
