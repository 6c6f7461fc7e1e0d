"""MLeap's own runtime in process, behind the same interface as the scorer in Python."""

from days_to_sell.scoring.jvm.load import load_in_jvm
from days_to_sell.scoring.jvm.runtime import JvmRuntime

__all__ = ["JvmRuntime", "load_in_jvm"]
