"""MLeap's runtime for the JVM: which jars it is, how they are had, and the Java to run them."""

from days_to_sell.training.spark.mleap_runtime.cached import runtime_jars
from days_to_sell.training.spark.mleap_runtime.find import find_runtime

__all__ = ["find_runtime", "runtime_jars"]
