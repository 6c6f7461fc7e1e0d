"""What MLeap makes of each stage that Spark ML has, as found by exporting every one of them.

The pre-flight check and the table of operators in the docs read this; a test repeats every export, and so
holds it against Spark 3.5 with the exporter 0.16.0. That one was built against Spark 2.4, of which Spark 3
changed constructors and hash functions: what exports does not always come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What all of this was found with.
EXPORTER, SPARK = "0.16.0", "3.5"

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Limit:
    """A parameter with which a stage is not carried, or not all of it.

    Args:
        parameter: Name of the parameter.
        values: The values that do it; any value but an empty one when empty.
        why: What comes of it.
        instead: What to do in its place.
        severity: ``warning`` where the bundle's predictions are right all the same.
    """

    parameter: str
    why: str
    instead: str
    values: tuple[str, ...] = ()
    severity: Severity = "error"


@dataclass(frozen=True)
class SparkOperator:
    """One stage of Spark ML.

    Args:
        spark: Its class in pyspark, unfitted.
        op: MLeap's name of the operator; None where MLeap has none.
        fitted: Class of what fitting gives, where that is another one.
        exports: Whether the exporter writes it.
        scores_in_jvm: Whether MLeap's JVM runtime answers as Spark does.
        reads_back: Whether Spark reads the bundle back and answers as before.
        why: What is the matter, where something is.
        instead: What to use in its place, where it cannot be used.
        limits: Parameters with which it is not carried.
    """

    spark: str
    op: str | None
    fitted: str = ""
    exports: bool = True
    scores_in_jvm: bool = True
    reads_back: bool = True
    why: str = ""
    instead: str = ""
    limits: tuple[Limit, ...] = ()


_ONE_COLUMN = Limit(
    "inputCols",
    why="only its form for one column exports",
    instead="use one stage for each column, with inputCol and outputCol",
)
_LEAVES = Limit(
    "leafCol",
    why="the bundle writes no column of leaves",
    instead="leave leafCol empty",
    severity="warning",
)
_VARIANCE = Limit(
    "varianceCol",
    why="the bundle writes no column of variances",
    instead="leave varianceCol empty",
    severity="warning",
)
_IMPURITY = (
    "Spark 3 makes its impurities otherwise, so that reading the bundle back ends in NoSuchMethodError"
)


def _no_operator(spark: str, instead: str, fitted: str = "") -> SparkOperator:
    return SparkOperator(
        spark,
        None,
        fitted or f"{spark}Model",
        exports=False,
        scores_in_jvm=False,
        reads_back=False,
        why="MLeap has no such operator",
        instead=instead,
    )


# MLeap compares what these give as probabilities, where Spark compares their raw predictions.
ONE_VS_REST_CLASSIFIERS = frozenset({"GBTClassifier", "LogisticRegression", "RandomForestClassifier"})

OPERATORS: tuple[SparkOperator, ...] = (
    SparkOperator("AFTSurvivalRegression", "aft_survival_regression", "AFTSurvivalRegressionModel"),
    SparkOperator(
        "ALS", "als", "ALSModel", reads_back=False, why="Spark reads its factors back under other names"
    ),
    SparkOperator("Binarizer", "binarizer", limits=(_ONE_COLUMN,)),
    SparkOperator(
        "BisectingKMeans",
        "bisecting_k_means",
        "BisectingKMeansModel",
        reads_back=False,
        why="reading the bundle back ends in NoSuchMethodError",
    ),
    SparkOperator(
        "BucketedRandomProjectionLSH",
        "bucketed_random_projection_lsh",
        "BucketedRandomProjectionLSHModel",
        scores_in_jvm=False,
        why="MLeap writes one vector where Spark writes an array of vectors",
        instead="hash in Spark, outside the pipeline that is exported",
    ),
    SparkOperator("Bucketizer", "bucketizer", limits=(_ONE_COLUMN,)),
    SparkOperator(
        "ChiSqSelector",
        "chi_sq_selector",
        "ChiSqSelectorModel",
        reads_back=False,
        why="reading the bundle back ends in NoSuchMethodError",
    ),
    SparkOperator("CountVectorizer", "count_vectorizer", "CountVectorizerModel"),
    SparkOperator("CrossValidator", None, "CrossValidatorModel", why="the bundle holds its best model"),
    SparkOperator("DCT", "dct"),
    SparkOperator(
        "DecisionTreeClassifier",
        "decision_tree_classifier",
        "DecisionTreeClassificationModel",
        reads_back=False,
        why=_IMPURITY,
        limits=(_LEAVES,),
    ),
    SparkOperator(
        "DecisionTreeRegressor",
        "decision_tree_regression",
        "DecisionTreeRegressionModel",
        limits=(_LEAVES, _VARIANCE),
    ),
    SparkOperator("ElementwiseProduct", "elementwise_product"),
    _no_operator(
        "FMClassifier", "use LogisticRegression with Interaction, or GBTClassifier", "FMClassificationModel"
    ),
    _no_operator(
        "FMRegressor", "use LinearRegression with Interaction, or GBTRegressor", "FMRegressionModel"
    ),
    _no_operator("FPGrowth", "mine its rules in Spark, outside the pipeline that is exported"),
    SparkOperator("FeatureHasher", "feature_hasher"),
    SparkOperator("GBTClassifier", "gbt_classifier", "GBTClassificationModel", limits=(_LEAVES,)),
    SparkOperator("GBTRegressor", "gbt_regression", "GBTRegressionModel", limits=(_LEAVES,)),
    SparkOperator("GaussianMixture", "gaussian_mixture", "GaussianMixtureModel"),
    SparkOperator(
        "GeneralizedLinearRegression",
        "generalized_linear_regression",
        "GeneralizedLinearRegressionModel",
        limits=(
            Limit(
                "family",
                values=("tweedie",),
                why="MLeap's runtime refuses the bundle, and Spark reads another model back",
                instead="use family gamma or poisson",
            ),
            Limit(
                "offsetCol",
                why="the bundle leaves the offset out, so that it answers otherwise than Spark",
                instead="put the offset among the features, or model the rate",
            ),
        ),
    ),
    SparkOperator(
        "HashingTF",
        "hashing_term_frequency",
        scores_in_jvm=False,
        why="MLeap hashes texts to other buckets than Spark 3 does",
        instead="use CountVectorizer, or FeatureHasher for categories",
    ),
    SparkOperator(
        "IDF",
        "idf",
        "IDFModel",
        reads_back=False,
        why="reading the bundle back ends in NoSuchMethodError",
    ),
    _no_operator(
        "Imputer",
        "fill missing values before the pipeline, or give them a bucket of their own with Bucketizer"
        "(handleInvalid='keep')",
    ),
    SparkOperator("IndexToString", "reverse_string_indexer"),
    SparkOperator("Interaction", "interaction"),
    SparkOperator("IsotonicRegression", "isotonic_regression", "IsotonicRegressionModel"),
    SparkOperator("KMeans", "k_means", "KMeansModel"),
    SparkOperator(
        "LDA",
        "lda",
        "LocalLDAModel",
        exports=False,
        scores_in_jvm=False,
        reads_back=False,
        why="MLeap's operator for it does not load on Spark 3.5",
        instead="find topics in Spark, outside the pipeline that is exported",
    ),
    SparkOperator("LinearRegression", "linear_regression", "LinearRegressionModel"),
    SparkOperator("LinearSVC", "linear_svc", "LinearSVCModel"),
    SparkOperator("LogisticRegression", "logistic_regression", "LogisticRegressionModel"),
    SparkOperator("MaxAbsScaler", "max_abs_scaler", "MaxAbsScalerModel"),
    SparkOperator(
        "MinHashLSH",
        "min_hash_lsh",
        "MinHashLSHModel",
        scores_in_jvm=False,
        why="MLeap hashes to other values than Spark 3 does",
        instead="hash in Spark, outside the pipeline that is exported",
    ),
    SparkOperator("MinMaxScaler", "min_max_scaler", "MinMaxScalerModel"),
    SparkOperator(
        "MultilayerPerceptronClassifier",
        "multi_layer_perceptron_classifier",
        "MultilayerPerceptronClassificationModel",
        exports=False,
        scores_in_jvm=False,
        reads_back=False,
        why="Spark 3 gives its layers otherwise, so that the export ends in NoSuchMethodError",
        instead="use GBTClassifier or LogisticRegression",
    ),
    SparkOperator("NGram", "ngram"),
    SparkOperator(
        "NaiveBayes",
        "naive_bayes",
        "NaiveBayesModel",
        reads_back=False,
        why="reading the bundle back ends in NoSuchMethodError",
        limits=(
            Limit(
                "modelType",
                values=("gaussian", "complement"),
                why="MLeap's runtime knows the types multinomial and bernoulli only",
                instead="use one of those, or LogisticRegression",
            ),
        ),
    ),
    SparkOperator("Normalizer", "normalizer"),
    SparkOperator(
        "OneHotEncoder",
        "one_hot_encoder",
        "OneHotEncoderModel",
        limits=(
            Limit(
                "inputCol",
                why="only its form for many columns exports",
                instead="use inputCols and outputCols, with one column in each",
            ),
        ),
    ),
    SparkOperator(
        "OneVsRest",
        "one_vs_rest",
        "OneVsRestModel",
        reads_back=False,
        why="Spark reads it back without its classifier, and cannot transform with it",
    ),
    SparkOperator(
        "PCA",
        "pca",
        "PCAModel",
        reads_back=False,
        why="Spark reads it back without k, and cannot transform with it",
    ),
    SparkOperator("PolynomialExpansion", "polynomial_expansion"),
    SparkOperator("QuantileDiscretizer", "bucketizer", "Bucketizer", limits=(_ONE_COLUMN,)),
    _no_operator("RFormula", "write out StringIndexer, OneHotEncoder and VectorAssembler"),
    SparkOperator(
        "RandomForestClassifier",
        "random_forest_classifier",
        "RandomForestClassificationModel",
        reads_back=False,
        why=_IMPURITY,
        limits=(_LEAVES,),
    ),
    SparkOperator(
        "RandomForestRegressor",
        "random_forest_regression",
        "RandomForestRegressionModel",
        reads_back=False,
        why="Spark reads it back, and divides by 20, its default number of trees, whatever their number is",
        limits=(_LEAVES,),
    ),
    SparkOperator("RegexTokenizer", "regex_tokenizer"),
    _no_operator("RobustScaler", "use StandardScaler or MinMaxScaler"),
    _no_operator("SQLTransformer", "compute its columns before the pipeline", "SQLTransformer"),
    SparkOperator("StandardScaler", "standard_scaler", "StandardScalerModel"),
    SparkOperator("StopWordsRemover", "stopwords_remover", limits=(_ONE_COLUMN,)),
    SparkOperator("StringIndexer", "string_indexer", "StringIndexerModel", limits=(_ONE_COLUMN,)),
    SparkOperator("Tokenizer", "tokenizer"),
    SparkOperator(
        "TrainValidationSplit", None, "TrainValidationSplitModel", why="the bundle holds its best model"
    ),
    _no_operator("UnivariateFeatureSelector", "use VectorSlicer with the indices that it selects"),
    _no_operator("VarianceThresholdSelector", "use VectorSlicer with the indices that it selects"),
    SparkOperator("VectorAssembler", "vector_assembler"),
    SparkOperator("VectorIndexer", "vector_indexer", "VectorIndexerModel"),
    _no_operator("VectorSizeHint", "leave it out: VectorAssembler knows its inputs' sizes", "VectorSizeHint"),
    SparkOperator("VectorSlicer", "vector_slicer"),
    SparkOperator("Word2Vec", "word_to_vector", "Word2VecModel"),
)
