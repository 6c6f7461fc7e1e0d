"""A lifecycle for Spark ML models on MLflow: train, register, prove, release and serve."""

__version__ = "0.1.0"
