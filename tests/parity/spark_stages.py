"""Every stage of Spark ML that can be fitted, in the smallest pipeline that ends in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pyspark.ml import classification as c
from pyspark.ml import clustering as k
from pyspark.ml import feature as f
from pyspark.ml import regression as r
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.fpm import FPGrowth
from pyspark.ml.linalg import Vectors
from pyspark.ml.recommendation import ALS
from pyspark.ml.tuning import CrossValidator, TrainValidationSplit
from pyspark.sql import DataFrame, SparkSession

Stages = list[Any]
SCHEMA = (
    "x double, z double, y double, two double, three double, off double, user int, item int, text string, "
    "other string"
)
TEXTS = ("red car", "blue the car", "green van")


def frame(spark: SparkSession) -> DataFrame:
    """Rows with a column for every kind of stage."""
    rows = [
        (
            *((1 + n * 7 % 41) / 41, (n * 11 % 37) / 12, 1 + (n * 5 % 23) / 5, float(n % 2), float(n % 3)),
            *(0.1 * (n % 4), n % 5, n % 7, TEXTS[n % 3], "pq"[n % 2]),
        )
        for n in range(60)
    ]
    return spark.createDataFrame(rows, SCHEMA).coalesce(1).cache()


def _vector(*stages: Any) -> Stages:
    return [f.VectorAssembler(inputCols=["x", "z"], outputCol="features"), *stages]


def _words(*stages: Any) -> Stages:
    return [f.Tokenizer(inputCol="text", outputCol="words"), *stages]


def _index(*stages: Any) -> Stages:
    return [f.StringIndexer(inputCol="text", outputCol="index"), *stages]


def _search(kind: Any, **choices: Any) -> Stages:
    line, judge = r.LinearRegression(labelCol="y"), RegressionEvaluator(labelCol="y")
    return _vector(kind(estimator=line, estimatorParamMaps=[{}], evaluator=judge, seed=1, **choices))


def _one_vs_rest(classifier: Any) -> Stages:
    return _vector(c.OneVsRest(classifier=classifier, labelCol="three"))


IN, OUT = {"inputCol": "features"}, {"outputCol": "out"}
MANY = {"inputCols": ["x", "z"], "outputCols": ["out", "put"]}
CUTS = [-math.inf, 0.3, math.inf]

# One for each line of the table, by its name in Spark.
STAGES: Mapping[str, Callable[[], Stages]] = {
    "AFTSurvivalRegression": lambda: _vector(
        r.AFTSurvivalRegression(labelCol="y", censorCol="two", quantilesCol="quantiles")
    ),
    "ALS": lambda: [ALS(userCol="user", itemCol="item", ratingCol="y", maxIter=1)],
    "Binarizer": lambda: [f.Binarizer(inputCol="x", threshold=0.5, **OUT)],
    "BisectingKMeans": lambda: _vector(k.BisectingKMeans(k=3, seed=1)),
    "BucketedRandomProjectionLSH": lambda: _vector(
        f.BucketedRandomProjectionLSH(bucketLength=2.0, seed=1, **IN, **OUT)
    ),
    "Bucketizer": lambda: [f.Bucketizer(inputCol="x", splits=CUTS, **OUT)],
    "ChiSqSelector": lambda: _vector(f.ChiSqSelector(numTopFeatures=1, labelCol="two", **OUT)),
    "CountVectorizer": lambda: _words(f.CountVectorizer(inputCol="words", **OUT)),
    "CrossValidator": lambda: _search(CrossValidator, numFolds=2),
    "DCT": lambda: _vector(f.DCT(**IN, **OUT)),
    "DecisionTreeClassifier": lambda: _vector(c.DecisionTreeClassifier(labelCol="three")),
    "DecisionTreeRegressor": lambda: _vector(r.DecisionTreeRegressor(labelCol="y")),
    "ElementwiseProduct": lambda: _vector(
        f.ElementwiseProduct(scalingVec=Vectors.dense([1.0, 2.0]), **IN, **OUT)
    ),
    "FMClassifier": lambda: _vector(c.FMClassifier(labelCol="two", maxIter=1)),
    "FMRegressor": lambda: _vector(r.FMRegressor(labelCol="y", maxIter=1)),
    "FPGrowth": lambda: _words(FPGrowth(itemsCol="words")),
    "FeatureHasher": lambda: [
        f.FeatureHasher(inputCols=["x", "text"], numFeatures=32, **OUT),
    ],
    "GBTClassifier": lambda: _vector(c.GBTClassifier(labelCol="two", maxIter=2)),
    "GBTRegressor": lambda: _vector(r.GBTRegressor(labelCol="y", maxIter=2)),
    "GaussianMixture": lambda: _vector(k.GaussianMixture(k=2, seed=1, maxIter=3)),
    "GeneralizedLinearRegression": lambda: _vector(
        r.GeneralizedLinearRegression(labelCol="y", family="gamma", link="log", linkPredictionCol="eta")
    ),
    "HashingTF": lambda: _words(f.HashingTF(inputCol="words", numFeatures=16, **OUT)),
    "IDF": lambda: _words(
        f.CountVectorizer(inputCol="words", outputCol="counts"), f.IDF(inputCol="counts", **OUT)
    ),
    "Imputer": lambda: [f.Imputer(inputCol="x", **OUT)],
    "IndexToString": lambda: _index(f.IndexToString(inputCol="index", **OUT)),
    "Interaction": lambda: _vector(f.Interaction(inputCols=["x", "features"], **OUT)),
    "IsotonicRegression": lambda: [r.IsotonicRegression(featuresCol="x", labelCol="y")],
    "KMeans": lambda: _vector(k.KMeans(k=3, seed=1)),
    "LDA": lambda: _vector(k.LDA(k=2, maxIter=1, seed=1)),
    "LinearRegression": lambda: _vector(r.LinearRegression(labelCol="y")),
    "LinearSVC": lambda: _vector(c.LinearSVC(labelCol="two", maxIter=2)),
    "LogisticRegression": lambda: _vector(c.LogisticRegression(labelCol="three", maxIter=3)),
    "MaxAbsScaler": lambda: _vector(f.MaxAbsScaler(**IN, **OUT)),
    "MinHashLSH": lambda: _vector(f.MinHashLSH(seed=1, **IN, **OUT)),
    "MinMaxScaler": lambda: _vector(f.MinMaxScaler(**IN, **OUT)),
    "MultilayerPerceptronClassifier": lambda: _vector(
        c.MultilayerPerceptronClassifier(labelCol="two", layers=[2, 2], maxIter=1, seed=1)
    ),
    "NGram": lambda: _words(f.NGram(inputCol="words", **OUT)),
    "NaiveBayes": lambda: _vector(c.NaiveBayes(labelCol="three")),
    "Normalizer": lambda: _vector(f.Normalizer(p=1.0, **IN, **OUT)),
    "OneHotEncoder": lambda: _index(f.OneHotEncoder(inputCols=["index"], outputCols=["out"])),
    "OneVsRest": lambda: _one_vs_rest(c.LogisticRegression(maxIter=3)),
    "PCA": lambda: _vector(f.PCA(k=1, **IN, **OUT)),
    "PolynomialExpansion": lambda: _vector(f.PolynomialExpansion(**IN, **OUT)),
    "QuantileDiscretizer": lambda: [f.QuantileDiscretizer(inputCol="x", numBuckets=3, **OUT)],
    "RFormula": lambda: [f.RFormula(formula="y ~ x + text")],
    "RandomForestClassifier": lambda: _vector(c.RandomForestClassifier(labelCol="three", numTrees=2, seed=1)),
    "RandomForestRegressor": lambda: _vector(r.RandomForestRegressor(labelCol="y", numTrees=2, seed=1)),
    "RegexTokenizer": lambda: [f.RegexTokenizer(inputCol="text", pattern="[a-z]+", gaps=False, **OUT)],
    "RobustScaler": lambda: _vector(f.RobustScaler(**IN, **OUT)),
    "SQLTransformer": lambda: [f.SQLTransformer(statement="select *, x + 1 as out from __THIS__")],
    "StandardScaler": lambda: _vector(f.StandardScaler(withMean=True, **IN, **OUT)),
    "StopWordsRemover": lambda: _words(f.StopWordsRemover(inputCol="words", **OUT)),
    "StringIndexer": lambda: _index(),
    "Tokenizer": lambda: _words(),
    "TrainValidationSplit": lambda: _search(TrainValidationSplit),
    "UnivariateFeatureSelector": lambda: _vector(
        f.UnivariateFeatureSelector(labelCol="two", **OUT)
        .setFeatureType("continuous")
        .setLabelType("categorical")
        .setSelectionThreshold(1)
    ),
    "VarianceThresholdSelector": lambda: _vector(f.VarianceThresholdSelector(**OUT)),
    "VectorAssembler": lambda: _vector(),
    "VectorIndexer": lambda: _vector(f.VectorIndexer(maxCategories=2, **IN, **OUT)),
    "VectorSizeHint": lambda: _vector(f.VectorSizeHint(size=2, **IN)),
    "VectorSlicer": lambda: _vector(f.VectorSlicer(indices=[1], **IN, **OUT)),
    "Word2Vec": lambda: _words(
        f.Word2Vec(inputCol="words", vectorSize=2, minCount=0, maxIter=1, seed=1, **OUT)
    ),
}

# One for each limit of the table: class and parameter, and what ends in it.
LIMITS: Mapping[tuple[str, str], Callable[[], Stages]] = {
    ("Binarizer", "inputCols"): lambda: [f.Binarizer(thresholds=[0.5, 0.4], **MANY)],
    ("Bucketizer", "inputCols"): lambda: [f.Bucketizer(splitsArray=[CUTS, CUTS], **MANY)],
    ("QuantileDiscretizer", "inputCols"): lambda: [f.QuantileDiscretizer(numBuckets=3, **MANY)],
    ("StringIndexer", "inputCols"): lambda: [
        f.StringIndexer(inputCols=["text", "other"], outputCols=["out", "put"])
    ],
    ("StopWordsRemover", "inputCols"): lambda: _words(
        f.StopWordsRemover(inputCols=["words"], outputCols=["out"])
    ),
    ("OneHotEncoder", "inputCol"): lambda: _index(f.OneHotEncoder(inputCol="index", **OUT)),
    ("GeneralizedLinearRegression", "family"): lambda: _vector(
        r.GeneralizedLinearRegression(labelCol="y", family="tweedie", variancePower=1.5, linkPower=0.0)
    ),
    ("GeneralizedLinearRegression", "offsetCol"): lambda: _vector(
        r.GeneralizedLinearRegression(labelCol="y", family="poisson", offsetCol="off")
    ),
    ("NaiveBayes", "modelType"): lambda: _vector(c.NaiveBayes(labelCol="two", modelType="gaussian")),
    ("DecisionTreeClassifier", "leafCol"): lambda: _vector(
        c.DecisionTreeClassifier(labelCol="two", leafCol="leaf")
    ),
    ("DecisionTreeRegressor", "leafCol"): lambda: _vector(
        r.DecisionTreeRegressor(labelCol="y", leafCol="leaf")
    ),
    ("DecisionTreeRegressor", "varianceCol"): lambda: _vector(
        r.DecisionTreeRegressor(labelCol="y", varianceCol="variance")
    ),
    ("GBTClassifier", "leafCol"): lambda: _vector(c.GBTClassifier(labelCol="two", maxIter=1, leafCol="leaf")),
    ("GBTRegressor", "leafCol"): lambda: _vector(r.GBTRegressor(labelCol="y", maxIter=1, leafCol="leaf")),
    ("RandomForestClassifier", "leafCol"): lambda: _vector(
        c.RandomForestClassifier(labelCol="two", numTrees=2, leafCol="leaf")
    ),
    ("RandomForestRegressor", "leafCol"): lambda: _vector(
        r.RandomForestRegressor(labelCol="y", numTrees=2, leafCol="leaf")
    ),
}

# What one-vs-rest may wrap, and what it may not.
CLASSIFIERS: Mapping[str, Callable[[], Stages]] = {
    "LogisticRegression": lambda: _one_vs_rest(c.LogisticRegression(maxIter=3)),
    "GBTClassifier": lambda: _one_vs_rest(c.GBTClassifier(maxIter=2)),
    "RandomForestClassifier": lambda: _one_vs_rest(c.RandomForestClassifier(numTrees=2, seed=1)),
    "LinearSVC": lambda: _one_vs_rest(c.LinearSVC(maxIter=2)),
    "NaiveBayes": lambda: _one_vs_rest(c.NaiveBayes()),
}
