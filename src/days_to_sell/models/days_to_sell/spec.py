"""Days to Sell: how long a used car stays advertised, from what is known when it is listed."""

from __future__ import annotations

from days_to_sell.spec import (
    Bucketed,
    Candidate,
    Category,
    Column,
    Crossed,
    Direction,
    Fresh,
    InOrder,
    Judgement,
    Lookup,
    ModelSpec,
    MonthsBetween,
    NotAfterSnapshot,
    Number,
    OneOf,
    Place,
    Positive,
    Ratio,
    Refers,
    Slice,
    Source,
    SourceColumn,
    Unique,
    Volume,
    Within,
)

GATHERED_WHILE_LISTED = (
    "price_changes",
    "price_at_removal",
    "views",
    "saves",
    "follows",
    "photo_count_last_seen",
    "promoted",
    "days_listed",
    "sale_season",
)

SOLD, WITHDRAWN = "sold", "withdrawn"

ADVERTS = Source(
    "adverts",
    key=("advert_id",),
    columns=(
        SourceColumn("advert_id", "string"),
        SourceColumn("derivative_id", "string"),
        SourceColumn("seller_id", "string"),
        SourceColumn("seller_type", "string"),
        SourceColumn("outcode", "string"),
        SourceColumn("listed_on", "date"),
        SourceColumn("removed_on", "date", nullable=True),
        SourceColumn("price_gbp", "double"),
        SourceColumn("mileage", "double", nullable=True),
        SourceColumn("registered_on", "date"),
        SourceColumn("vehicle_id", "string", nullable=True, optional=True),
        SourceColumn("removal_reason", "string", nullable=True, optional=True),
    ),
    checks=(
        Unique(("advert_id",)),
        Positive("price_gbp"),
        Within("price_gbp", maximum=1_000_000),
        Within("mileage", 0, 1_000_000),
        OneOf("removal_reason", (SOLD, WITHDRAWN)),
        InOrder("listed_on", "removed_on"),
        InOrder("registered_on", "listed_on"),
        NotAfterSnapshot("listed_on"),
        NotAfterSnapshot("removed_on"),
        Refers("derivative_id", "taxonomy"),
        Refers("outcode", "geography"),
        Fresh("listed_on", 31),
        Volume(0.5, 3),
    ),
    leaks=GATHERED_WHILE_LISTED,
)

TAXONOMY = Source(
    "taxonomy",
    key=("derivative_id",),
    columns=(
        SourceColumn("derivative_id", "string"),
        SourceColumn("make", "string"),
        SourceColumn("model", "string"),
        SourceColumn("derivative", "string"),
        SourceColumn("fuel_type", "string"),
        SourceColumn("transmission", "string"),
        SourceColumn("body_type", "string", nullable=True),
        SourceColumn("engine_cc", "double", nullable=True),
        SourceColumn("power_ps", "double", nullable=True),
    ),
    checks=(
        Unique(("derivative_id",)),
        Within("engine_cc", 0, 10_000),
        Within("power_ps", 1, 2_500),
        Volume(0.8, 2),
    ),
)

VALUATIONS = Source(
    "valuations",
    key=("derivative_id", "registration_year", "valued_on", "mileage_band"),
    columns=(
        SourceColumn("derivative_id", "string"),
        SourceColumn("registration_year", "long"),
        SourceColumn("valued_on", "date"),
        SourceColumn("mileage_band", "string"),
        SourceColumn("retail_gbp", "double"),
    ),
    checks=(
        Unique(("derivative_id", "registration_year", "valued_on", "mileage_band")),
        Positive("retail_gbp"),
        Within("retail_gbp", maximum=1_000_000),
        NotAfterSnapshot("valued_on"),
        Refers("derivative_id", "taxonomy"),
    ),
)

GEOGRAPHY = Source(
    "geography",
    key=("outcode",),
    columns=(
        SourceColumn("outcode", "string"),
        SourceColumn("postcode_area", "string"),
        SourceColumn("region", "string"),
        SourceColumn("country", "string"),
        SourceColumn("latitude", "double"),
        SourceColumn("longitude", "double"),
    ),
    checks=(
        Unique(("outcode",)),
        Within("latitude", 49, 61),
        Within("longitude", -9, 3),
        Volume(0.9, 1.2),
    ),
)

SPEC = ModelSpec(
    name="days-to-sell",
    title="Days to Sell",
    description="Expected days until a used car's advert sells, restricted to 180 days",
    sources=(ADVERTS, TAXONOMY, VALUATIONS, GEOGRAPHY),
    group="seller_id",
    time="listed_on",
    horizon=180,
    # One car in twenty takes longer than that: at 2 %, small lakes would be refused by chance.
    at_risk=0.01,
    what_if="price_gbp",
    inputs=(
        Column("price_gbp", "long", "GBP", minimum=1, maximum=1_000_000, description="asking price"),
        Column("valuation_gbp", "long", "GBP", minimum=1, maximum=1_000_000, description="retail valuation"),
        Column("registered_on", "date", description="first registration of the car"),
        Column("outcode", "string", description="outward part of the seller's postcode"),
        Column("as_of", "date", default_today=True, description="day of listing; today when left out"),
    ),
    features=(
        Number("price_over_valuation", Ratio("price_gbp", "valuation_gbp")),
        Bucketed(
            "age_months", (6, 12, 24, 36, 48, 60, 84, 120, 156), MonthsBetween("registered_on", "as_of")
        ),
        Bucketed(
            "mileage",
            (2_000, 10_000, 20_000, 30_000, 40_000, 60_000, 80_000, 110_000),
            unit="miles",
            minimum=0,
            maximum=1_000_000,
            description="odometer reading",
        ),
        Category("make", top=40, nullable=False, description="manufacturer, as in Volkswagen"),
        # With the 60 most frequent alone, almost a tenth of the concordance above chance is lost.
        Category("model", top=300, nullable=False, description="model, as in Golf"),
        Category("fuel_type", top=8, nullable=False, description="fuel, as in Petrol"),
        Category("transmission", top=4, nullable=False, description="gearbox, as in Manual"),
        Category("seller_type", top=4, nullable=False, description="franchise, independent or private"),
        Category("region", top=14, derive=Lookup("outcode", "geography", "region")),
    ),
    crossed=(Crossed("make_model", ("make", "model"), top=60),),
    candidates=(
        Candidate.of("AFTSurvivalRegression", maxIter=100),
        Candidate.of(
            "GeneralizedLinearRegression",
            family="gamma",
            link="log",
            maxIter=50,
            regParam=0.001,
            search={"regParam": (0.0003, 0.001, 0.003, 0.01, 0.03)},
        ),
        Candidate.of(
            "GBTRegressor",
            maxIter=15,
            maxDepth=3,
            stepSize=0.3,
            minInstancesPerNode=50,
            seed=7,
            search={"maxIter": (15, 40), "maxDepth": (3, 4, 5), "stepSize": (0.1, 0.3)},
        ),
        Candidate.of(
            "RandomForestRegressor",
            numTrees=30,
            maxDepth=7,
            minInstancesPerNode=25,
            seed=7,
            search={"maxDepth": (6, 8, 10), "minInstancesPerNode": (10, 25, 50)},
        ),
    ),
    judgement=Judgement(
        slices=(
            Slice("make"),
            Slice("fuel_type"),
            Slice("region", top=12),
            Slice("seller_type"),
            Slice("price_gbp", (5_000, 10_000, 15_000, 20_000, 30_000)),
        ),
        segment=("make", "seller_type"),
        directions=(Direction("price_gbp", 0.05, "longer"),),
        curves=("price_over_valuation", "age_months"),
        place=Place("outcode", "geography", "postcode_area"),
        intended=(
            "To tell a seller how long a car like this one takes on average, at this price.",
            "To rank adverts by how soon they are likely to sell, and to try other prices.",
        ),
        unsuited=(
            "To value a car: it takes the valuation as given, and a high price is not a bad one.",
            "To judge a seller: nothing but the kind of seller and the region is known to it.",
            "For another market than that of its lake, or for makes that were hardly listed there.",
        ),
    ),
)
