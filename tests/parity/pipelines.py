"""The pipelines that the engines must agree on, and the data they are fitted to."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

from pyspark.ml import Estimator, Pipeline, PipelineModel, Transformer
from pyspark.ml.classification import (
    DecisionTreeClassifier,
    GBTClassifier,
    LinearSVC,
    LogisticRegression,
    NaiveBayes,
    OneVsRest,
    RandomForestClassifier,
)
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import (
    PCA,
    Binarizer,
    Bucketizer,
    ElementwiseProduct,
    FeatureHasher,
    IndexToString,
    Interaction,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialExpansion,
    QuantileDiscretizer,
    StandardScaler,
    StringIndexer,
    VectorAssembler,
    VectorIndexer,
    VectorSlicer,
)
from pyspark.ml.linalg import Vectors
from pyspark.ml.regression import (
    AFTSurvivalRegression,
    DecisionTreeRegressor,
    GBTRegressor,
    GeneralizedLinearRegression,
    IsotonicRegression,
    LinearRegression,
    RandomForestRegressor,
)
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

INF = math.inf
SCHEMA = (
    "row_id int, make string, fuel string, ratio double, age double, share double, same double, "
    "y double, sold double, near double"
)
RATIO_SPLITS = [0.9, 1.0, 1.1]

Stage = Estimator | Transformer


def training_frame(spark: SparkSession) -> DataFrame:
    """Cars whose days depend on make, ratio and age, some of the values missing."""
    chance = random.Random(7)  # noqa: S311 - data, not secrets
    makes = ["audi"] * 9 + ["bmw"] * 7 + ["fiat"] * 5 + ["kia"] * 3 + ["Škoda", "日産", "", None]
    rows = []
    for row_id in range(600):
        make = makes[row_id % len(makes)]
        ratio = math.nan if row_id % 11 == 0 else 0.8 + 0.4 * chance.random()
        age = 1.0 + 119.0 * chance.random()
        mean = 20.0 + 15.0 * (make == "audi") + 20.0 * (1.0 if math.isnan(ratio) else ratio) + 0.1 * age
        days = max(1.0, min(170.0, chance.expovariate(1.0 / mean)))
        sold = float(chance.random() < 0.8)
        fuel = ("petrol", "diesel", "electric")[row_id % 3]
        share = chance.random()
        near = 2.0 + share + 0.1 * chance.random()
        rows.append((row_id, make, fuel, ratio, age, share, 5.0, days, sold, near))
    return spark.createDataFrame(rows, SCHEMA).coalesce(1).cache()


def buckets() -> list[Stage]:
    """Categories cut at their third rank, and a number cut twice so that missing is a bucket too."""
    return [
        StringIndexer(inputCol="make", outputCol="make_rank", handleInvalid="keep"),
        Bucketizer(
            inputCol="make_rank",
            outputCol="make_bucket",
            splits=[0.0, 1.0, 2.0, 3.0, INF],
            handleInvalid="keep",
        ),
        StringIndexer(inputCol="fuel", outputCol="fuel_rank", handleInvalid="keep"),
        Bucketizer(
            inputCol="ratio", outputCol="ratio_cut", splits=[-INF, *RATIO_SPLITS, INF], handleInvalid="keep"
        ),
        Bucketizer(
            inputCol="ratio_cut",
            outputCol="ratio_bucket",
            splits=[float(edge) for edge in range(len(RATIO_SPLITS) + 3)],
            handleInvalid="keep",
        ),
    ]


def one_hot() -> list[Stage]:
    """The buckets as one vector."""
    return [
        *buckets(),
        OneHotEncoder(
            inputCols=["make_bucket", "fuel_rank", "ratio_bucket"],
            outputCols=["make_vector", "fuel_vector", "ratio_vector"],
            handleInvalid="keep",
        ),
        assemble(["make_vector", "fuel_vector", "ratio_vector", "age"], "features"),
    ]


def ordinal() -> list[Stage]:
    """The buckets as they are, which trees take for categories."""
    return [*buckets(), assemble(["make_bucket", "fuel_rank", "ratio_bucket", "age"], "features")]


def assemble(columns: list[str], target: str) -> VectorAssembler:
    """An assembler that lets NaN pass, as every bundle's does."""
    return VectorAssembler(inputCols=columns, outputCol=target, handleInvalid="keep")


def calibrated(train: DataFrame, stages: list[Stage]) -> PipelineModel:
    """End a pipeline that predicts ``raw`` in a recalibration and a clip, as the product's do."""
    fitted = Pipeline(stages=[*stages, assemble(["raw"], "raw_vector")]).fit(train)
    line = LinearRegression(featuresCol="raw_vector", labelCol="y", predictionCol="unbounded")
    bounds = train.sparkSession.createDataFrame([(1.0, 1.0), (180.0, 180.0)], "y double, unbounded double")
    clip = IsotonicRegression(featuresCol="unbounded", labelCol="y", predictionCol="days")
    return PipelineModel([*fitted.stages, line.fit(fitted.transform(train)), clip.fit(bounds)])


def survival(train: DataFrame) -> PipelineModel:
    """AFT regression with quantiles."""
    aft = AFTSurvivalRegression(
        labelCol="y",
        censorCol="sold",
        predictionCol="raw",
        quantilesCol="quantiles",
        quantileProbabilities=[0.05, 0.5, 0.95],
    )
    return calibrated(train, [*one_hot(), aft])


def gamma(train: DataFrame) -> PipelineModel:
    """Gamma regression with log link, and its link prediction."""
    glm = GeneralizedLinearRegression(
        family="gamma", link="log", labelCol="y", predictionCol="raw", linkPredictionCol="eta"
    )
    return calibrated(train, [*one_hot(), glm])


def boosted(train: DataFrame) -> PipelineModel:
    """Boosted trees with categorical splits."""
    return calibrated(train, [*ordinal(), GBTRegressor(labelCol="y", predictionCol="raw", maxIter=4, seed=1)])


def forest(train: DataFrame) -> PipelineModel:
    """A forest of weighted rows with categorical splits."""
    trees = RandomForestRegressor(
        labelCol="y", weightCol="share", predictionCol="raw", numTrees=9, maxDepth=6, seed=1
    )
    return calibrated(train, [*ordinal(), trees])


def crossed(train: DataFrame) -> PipelineModel:
    """Pairs of one-hot categories, some of them cut out, beside a product of a category and two numbers."""
    stages = [
        *one_hot(),
        Interaction(inputCols=["make_vector", "fuel_vector"], outputCol="pairs"),
        VectorSlicer(inputCol="pairs", outputCol="chosen", indices=[5, 0, 3]),
        Interaction(inputCols=["fuel_rank", "age", "ratio_vector", "share"], outputCol="products"),
        assemble(["features", "chosen"], "all"),
        GeneralizedLinearRegression(
            featuresCol="all", family="gamma", link="log", labelCol="y", predictionCol="raw", regParam=0.01
        ),
    ]
    return calibrated(train, stages)


def trees(train: DataFrame) -> PipelineModel:
    """A tree and a forest over numbers; Spark does not fit them to NaN, but scores it."""
    stages = [
        *buckets(),
        assemble(["make_rank", "fuel_rank", "ratio", "age"], "features"),
        DecisionTreeRegressor(labelCol="y", predictionCol="tree", maxDepth=6),
        RandomForestRegressor(labelCol="y", predictionCol="forest", numTrees=7, maxDepth=6, seed=1),
    ]
    return Pipeline(stages=stages).fit(train.where(~F.isnan("ratio")))


LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "gamma": ("inverse", "identity", "log"),
}


def links(train: DataFrame) -> PipelineModel:
    """Every family with every link it goes with; a mean near its line, or some links do not converge."""
    stages: list[Stage] = [assemble(["share"], "features")]
    for family, names in LINKS.items():
        label = "sold" if family == "binomial" else "near"
        stages += [
            GeneralizedLinearRegression(
                family=family, link=link, labelCol=label, predictionCol=f"{family}_{link}"
            )
            for link in names
        ]
    return Pipeline(stages=stages).fit(train)


def encoders(train: DataFrame) -> PipelineModel:
    """Every way to index, encode and scale."""
    stages: list[Stage] = [
        StringIndexer(
            inputCol="make", outputCol="a_to_z", stringOrderType="alphabetAsc", handleInvalid="keep"
        ),
        StringIndexer(inputCol="fuel", outputCol="fuel_rank", handleInvalid="error"),
        IndexToString(inputCol="fuel_rank", outputCol="fuel_again"),
    ]
    for keep in ("keep", "error"):
        for drop in (True, False):
            name = f"one_hot_{keep}_{drop}"
            stages += [
                OneHotEncoder(inputCols=["fuel_rank"], outputCols=[name], handleInvalid=keep, dropLast=drop),
            ]
    stages.append(assemble(["one_hot_keep_True", "one_hot_error_False", "age", "same"], "vector"))
    for mean, std in ((True, False), (False, True), (True, True)):
        stages.append(
            StandardScaler(inputCol="vector", outputCol=f"scaled_{mean}_{std}", withMean=mean, withStd=std)
        )
    return Pipeline(stages=stages).fit(train)


def scaled(train: DataFrame) -> PipelineModel:
    """Every function of a vector that keeps or changes its width; maxima of what never goes beyond them."""
    pair = {"inputCol": "pair"}
    stages: list[Stage] = [
        assemble(["age", "share"], "pair"),
        MinMaxScaler(outputCol="min_max", min=-1.0, max=3.0, **pair),
        ElementwiseProduct(outputCol="weighed", scalingVec=Vectors.dense([-0.5, 3.0]), **pair),
        PolynomialExpansion(outputCol="powers", degree=3, **pair),
        PCA(outputCol="components", k=2, **pair),
        Binarizer(outputCol="above", threshold=0.5, **pair),
        Binarizer(inputCol="age", outputCol="old", threshold=40.0),
        *(Normalizer(outputCol=f"norm_{p:.0f}", p=p, **pair) for p in (1.0, 2.0, 3.0)),
    ]
    maxima = MaxAbsScaler(inputCol="make_vector", outputCol="max_abs")
    return Pipeline(stages=[Pipeline(stages=stages), *one_hot(), maxima]).fit(train)


def hashed(train: DataFrame) -> PipelineModel:
    """Texts, numbers and categories of numbers in few places, and a line through them; indices of vectors."""
    hasher = FeatureHasher(
        inputCols=["make", "fuel", "age", "ratio_cut"],
        outputCol="hashed",
        categoricalCols=["ratio_cut"],
        numFeatures=16,
    )
    stages: list[Stage] = [
        *buckets(),
        StringIndexer(inputCol="ratio_cut", outputCol="cut_rank", handleInvalid="keep"),
        IndexToString(inputCol="cut_rank", outputCol="cut_again"),
        hasher,
        LinearRegression(featuresCol="hashed", labelCol="y", predictionCol="line", regParam=0.1),
        QuantileDiscretizer(inputCol="share", outputCol="quarter", numBuckets=4),
        assemble(["quarter", "fuel_rank", "share"], "mixed"),
        VectorIndexer(inputCol="mixed", outputCol="indexed", maxCategories=5, handleInvalid="keep"),
    ]
    return Pipeline(stages=stages).fit(train)


def isotonic(train: DataFrame) -> PipelineModel:
    """Rising and falling steps, over a number and an element of a vector, in a pipeline in a pipeline."""
    inner = Pipeline(
        stages=[
            assemble(["share", "age"], "vector"),
            IsotonicRegression(featuresCol="age", labelCol="y", predictionCol="rising"),
            IsotonicRegression(
                featuresCol="vector", featureIndex=1, labelCol="y", predictionCol="falling", isotonic=False
            ),
        ]
    )
    return Pipeline(stages=[inner, assemble(["rising", "falling"], "both")]).fit(train)


def graded(train: DataFrame) -> DataFrame:
    """The frame with one of three classes for each row."""
    return train.withColumn("grade", F.floor(3 * F.pow("share", 2) + F.col("row_id") % 2 / 4) % 3 + 0.0)


def named(name: str) -> dict[str, str]:
    """Columns of one classifier among others."""
    return {
        "rawPredictionCol": f"{name}_raw",
        "probabilityCol": f"{name}_probability",
        "predictionCol": f"{name}_class",
    }


def linear_classes(train: DataFrame) -> PipelineModel:
    """Two and more classes by linear functions, naive Bayes and clusters."""
    counts = ["make_vector", "fuel_vector", "ratio_vector"]
    alone = {"rawPredictionCol": "", "probabilityCol": "", "predictionCol": "alone_class"}
    stages = [
        *one_hot(),
        assemble(counts, "counts"),
        assemble(["share", "ratio_cut"], "place"),
        LogisticRegression(labelCol="sold", threshold=0.8, maxIter=4, **named("two")),
        LogisticRegression(labelCol="grade", maxIter=4, **alone),
        LogisticRegression(
            labelCol="grade", thresholds=[0.5, 0.3, 0.2], maxIter=4, regParam=0.01, **named("three")
        ),
        LinearSVC(
            labelCol="sold",
            threshold=0.1,
            maxIter=3,
            rawPredictionCol="plane_raw",
            predictionCol="plane_class",
        ),
        NaiveBayes(featuresCol="counts", labelCol="grade", **named("counted")),
        NaiveBayes(
            featuresCol="counts",
            labelCol="grade",
            modelType="bernoulli",
            thresholds=[0.2, 0.4, 0.4],
            **named("present"),
        ),
        OneVsRest(
            featuresCol="counts",
            labelCol="grade",
            classifier=LogisticRegression(maxIter=3),
            predictionCol="rest_class",
        ),
        KMeans(featuresCol="place", predictionCol="cluster", k=4, seed=1, maxIter=2),
    ]
    return Pipeline(stages=stages).fit(graded(train))


def tree_classes(train: DataFrame) -> PipelineModel:
    """Trees that classify, with categorical splits, alone and in ensembles."""
    forest = RandomForestClassifier(labelCol="grade", numTrees=5, maxDepth=4, seed=1, **named("forest"))
    boosted = GBTClassifier(labelCol="sold", maxIter=3, maxDepth=3, seed=1, predictionCol="boosted_class")
    stages = [
        *ordinal(),
        DecisionTreeClassifier(labelCol="grade", maxDepth=4, **named("tree")),
        forest.setThresholds([0.6, 0.25, 0.15]),
        boosted.setRawPredictionCol("boosted_raw").setProbabilityCol("boosted_probability"),
    ]
    return Pipeline(stages=stages).fit(graded(train))


PIPELINES: Mapping[str, Callable[[DataFrame], PipelineModel]] = {
    each.__name__: each
    for each in (
        survival,
        gamma,
        crossed,
        boosted,
        forest,
        trees,
        links,
        encoders,
        isotonic,
        scaled,
        hashed,
        linear_classes,
        tree_classes,
    )
}
