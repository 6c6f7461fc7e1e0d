"""What the JVM engine is started from on this machine."""

from __future__ import annotations

from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.settings import Settings
from days_to_sell.training.spark.java import find_java
from days_to_sell.training.spark.mleap_runtime.cached import runtime_jars


def find_runtime(settings: Settings) -> JvmRuntime:
    """Find Java and MLeap's runtime: where the settings say, else as training finds them.

    Raises:
        EnvironmentProblem: There is no Java, or the jars cannot be had.
    """
    options = tuple(settings.jvm_options.split())
    if settings.jvm_java and settings.jvm_jars:
        return JvmRuntime.from_folders(settings.jvm_java, settings.jvm_jars, options)
    java = find_java(settings)
    return JvmRuntime(settings.jvm_java or java.home, runtime_jars(settings, java), options)
