"""Dealer stock: how long a car stays on one importer's forecourt, from a small real stock list."""

from __future__ import annotations

from days_to_sell.spec import (
    Bucketed,
    Candidate,
    Category,
    Judgement,
    ModelSpec,
    Number,
    OneOf,
    Slice,
    Source,
    SourceColumn,
    Unique,
    Volume,
    Within,
)

STOCK = Source(
    "stock",
    key=("stock_id",),
    columns=(
        SourceColumn("stock_id", "long"),
        SourceColumn("is_sold", "long"),
        SourceColumn("weeks_in_stock", "double"),
        SourceColumn("price_eur", "double", nullable=True),
        SourceColumn("age_years", "double"),
        SourceColumn("mileage_km", "double"),
        SourceColumn("power_kw", "double"),
        SourceColumn("make", "string"),
        SourceColumn("model", "string"),
        SourceColumn("fuel_type", "string"),
        SourceColumn("body_type", "string"),
        SourceColumn("transmission", "string"),
        SourceColumn("colour", "string"),
        SourceColumn("doors", "string"),
        SourceColumn("equipment_count", "double"),
    ),
    checks=(
        Unique(("stock_id",)),
        OneOf("is_sold", (0, 1)),
        Within("weeks_in_stock", 0, 520),
        Within("price_eur", 1, 1_000_000),
        Within("age_years", 0, 60),
        Within("mileage_km", 0, 1_500_000),
        Within("power_kw", 1, 1_500),
        Volume(0.5, 3),
    ),
    # Both are filled or changed while a car stands in stock: with them a concordance of 0.85 appears.
    leaks=("SalesSeason", "sales_season", "onAction", "on_action"),
)

SPEC = ModelSpec(
    name="dealer-stock",
    title="Dealer Stock",
    description="Expected days until a car in stock sells, restricted to 180 days",
    sources=(STOCK,),
    horizon=180,
    what_if="price_eur",
    features=(
        Bucketed("price_eur", (5_000, 8_000, 11_000, 14_000, 18_000, 25_000, 35_000), unit="EUR", minimum=0),
        Number("age_years", type="long", unit="years", minimum=0, maximum=60),
        Bucketed("mileage_km", (20_000, 60_000, 100_000, 140_000, 180_000, 220_000), unit="km", minimum=0),
        Number("power_kw", type="long", unit="kW", minimum=1, maximum=1_500),
        Number("equipment_count", type="long", minimum=0, maximum=100, description="equipment items listed"),
        Category("make", top=12),
        Category("body_type", top=8),
        Category("transmission", top=5),
        Category("colour", top=8),
    ),
    candidates=(
        Candidate.of("AFTSurvivalRegression", maxIter=100),
        Candidate.of(
            "GeneralizedLinearRegression",
            family="gamma",
            link="log",
            maxIter=50,
            regParam=0.01,
            search={"regParam": (0.003, 0.01, 0.03, 0.1)},
        ),
        Candidate.of(
            "GBTRegressor",
            maxIter=20,
            maxDepth=3,
            stepSize=0.1,
            minInstancesPerNode=30,
            seed=7,
            search={"maxIter": (10, 20, 40), "maxDepth": (2, 3, 4)},
        ),
        Candidate.of(
            "RandomForestRegressor",
            numTrees=30,
            maxDepth=5,
            minInstancesPerNode=20,
            seed=7,
            search={"maxDepth": (3, 5, 7), "minInstancesPerNode": (10, 20, 40)},
        ),
    ),
    judgement=Judgement(
        slices=(
            Slice("make", top=6),
            Slice("body_type"),
            Slice("price_eur", (5_000, 10_000, 15_000, 25_000)),
        ),
        segment=("make",),
        curves=("price_eur", "age_years"),
        intended=("To show how the toolkit treats a small, real stock list, with honest figures.",),
        unsuited=("To price or buy stock: one importer's list of a few years ago is no market.",),
    ),
)
