"""One Spark session with the MLeap exporter on it, the same on a laptop and on a cluster."""

from __future__ import annotations

import os
import sys
import warnings

from py4j.java_gateway import JavaClass
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import (
    NEEDS_SHORTER_LIST,
    installed_versions,
    require_compatible,
    session_versions,
)
from days_to_sell.training.spark.launch import EXPORTER_CONF, environment, launch_driver, session_options
from days_to_sell.training.spark.operator_list import shorten_operator_list

# The version Spark 3.5 is built against; another one fails on missing methods.
S3_PACKAGES = ("org.apache.hadoop:hadoop-aws:3.3.4",)


def packages_for(location: str) -> tuple[str, ...]:
    """The Maven coordinates that Spark needs to read or write at ``location``."""
    return S3_PACKAGES if location.startswith("s3a://") else ()


def start_session(
    app_name: str,
    *,
    master: str = "local[*]",
    settings: Settings | None = None,
    extra_packages: tuple[str, ...] = (),
) -> SparkSession:
    """Start Spark with the MLeap exporter, or take the session that runs already.

    On Databricks or in a notebook that has a session, that one is used as it is; only its time zone is set to
    UTC, because dates turn into durations. Under spark-submit the command line decides; what it leaves open,
    and a JVM that runs can still be told, is as it is here.

    Args:
        app_name: Name of the application, also of its log.
        master: Where Spark runs, unless it runs already.
        settings: The environment's choices; read from the environment when not given.
        extra_packages: Maven coordinates beside the exporter, such as those of :func:`packages_for`.

    Raises:
        EnvironmentProblem: Java or a package could not be had, the running session has no exporter, or Spark,
            Scala, Java and exporter do not go together.
    """
    if is_remote():
        raise EnvironmentProblem(
            "this is a Spark Connect session, from which MLeap cannot export; unset SPARK_REMOTE, "
            "or run on the cluster itself with spark-submit"
        )
    if SparkContext._active_spark_context is None:
        _start_context(app_name, master, settings or Settings.from_env(), extra_packages)
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    _require_exporter(spark)
    versions = session_versions(spark)
    for mismatch in require_compatible(versions):
        warnings.warn(mismatch.message, stacklevel=2)
    if versions.exporter in NEEDS_SHORTER_LIST:
        shorten_operator_list(spark)
    _require_packages(spark, extra_packages)
    return spark


def _start_context(app_name: str, master: str, settings: Settings, extra_packages: tuple[str, ...]) -> None:
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    python = sys.executable
    if submitted or not master.startswith("local"):
        # Another machine's Python may be elsewhere; whoever named it knows.
        python = os.environ.get("PYSPARK_PYTHON", python)
    with environment(PYSPARK_PYTHON=python):
        if submitted:
            SparkContext(conf=_submitted_conf(app_name, settings))
        elif SparkContext._gateway is not None:
            # The JVM of a session stopped since: what it was started with still holds.
            SparkContext(conf=SparkConf().setAppName(app_name).setMaster(master))
        else:
            # Before anything is fetched or started: classes that do not link fail in ways that say nothing.
            require_compatible(installed_versions(settings))
            packages = (settings.mleap_exporter, *extra_packages)
            conf, gateway = launch_driver(app_name, master, settings, packages)
            SparkContext(conf=conf, gateway=gateway)


def _submitted_conf(app_name: str, settings: Settings) -> SparkConf:
    """Add to what spark-submit was told what can be told still; what it was told wins."""
    # Without the JVM, a configuration knows nothing of the command line.
    SparkContext._ensure_initialized()
    conf = SparkConf().setAppName(app_name)
    for name, value in session_options(conf.get("spark.master", ""), settings).items():
        conf.setIfMissing(name, value)
    return conf


def _require_exporter(spark: SparkSession) -> None:
    jvm = spark._jvm
    if jvm is None or not isinstance(jvm.ml.combust.mleap.spark.SimpleSparkSerializer, JavaClass):
        raise EnvironmentProblem(
            "the running Spark session has no MLeap exporter on its class path; start it with "
            f"--packages {Settings().mleap_exporter} --driver-class-path {EXPORTER_CONF}, "
            "or stop it and let this library start one"
        )


def _require_packages(spark: SparkSession, packages: tuple[str, ...]) -> None:
    listed = spark.sparkContext.getConf().get("spark.jars.packages", "") or ""
    missing = [each for each in packages if each not in listed.split(",")]
    # A session without any list was set up by its platform, which has its own way to bring jars.
    if listed and missing:
        raise EnvironmentProblem(
            f"the running Spark session was started without {', '.join(missing)}, and a class path cannot "
            "grow; run this in a Python process of its own"
        )
