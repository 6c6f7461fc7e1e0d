"""The operators that MLeap's exporter loads, in a session that somebody else has started."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from days_to_sell.training.spark.launch import EXPORTER_CONF

OPERATORS = "ml.combust.mleap.spark.registry.builtin-ops"


def shorten_operator_list(spark: SparkSession) -> None:
    """Give the exporter the list in ``mleap_conf``, unless its class path has brought that list already.

    A session that this library starts has the folder on its class path. A platform such as Databricks starts
    its own, whose class path is not ours: there the operators become properties of the JVM, which win.
    """
    jvm: Any = spark._jvm
    factory = jvm.com.typesafe.config.ConfigFactory
    text = (EXPORTER_CONF / "application.conf").read_text(encoding="utf-8")
    wanted = factory.parseString(text).getStringList(OPERATORS)
    if list(factory.load().getStringList(OPERATORS)) == list(wanted):
        return
    for number, operator in enumerate(wanted):
        jvm.java.lang.System.setProperty(f"{OPERATORS}.{number}", operator)
    factory.invalidateCaches()
