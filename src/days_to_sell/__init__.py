"""A lifecycle for Spark ML models on MLflow: train, register, prove, release and serve."""

from pkgutil import extend_path

# A logged model carries a part of this package; wherever that part is imported first, the rest of an
# installed toolkit stays importable beside it.
__path__ = extend_path(__path__, __name__)

__version__ = "0.1.0"
