"""A real Spark standalone cluster on the loopback address: a master and its workers, from pip's pyspark."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

import pyspark

from days_to_sell.training.spark.java import Java, find_java
from stack.ports import free_port
from stack.program import Program

SECONDS = 120.0
ASKED_EVERY = 0.2
LAST_LINES = 20
# Of the toolkit's own environment they get nothing, PYTHONPATH least of all: a worker is another machine.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
# Jobs on example data are short: a JVM that does not optimise for the long run ends them in half the time.
SHORT_LIVED_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# What a cluster's owner decides for all programs. Spark's own 200 partitions are for rows by the million;
# these are few, but not as many as on one machine, since no answer may depend on that.
DEFAULTS = {
    "spark.sql.shuffle.partitions": "6",
    "spark.executor.extraJavaOptions": " ".join(SHORT_LIVED_JVM),
}


class ClusterError(RuntimeError):
    """The cluster did not come up."""


@dataclass
class SparkCluster:
    """A master and workers, each in a process of its own; use it as a context.

    Args:
        folder: Where they write: logs, and the executors' work.
        workers: How many workers.
        cores: Cores that each worker offers.
        memory: Memory that each worker offers to executors, as Spark writes it.
        hidden: Folders of this machine that every worker finds empty and keeps to itself, as the disk of
            another machine is. Needs the right to mount.
        defaults: What is told to every program beside `DEFAULTS`, as in ``spark-defaults.conf``.
    """

    folder: Path
    workers: int = 2
    cores: int = 1
    memory: str = "1g"
    hidden: Sequence[Path] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    _programs: list[Program] = field(default_factory=list, repr=False)

    @property
    def master(self) -> str:
        """What ``--master`` takes."""
        return f"spark://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What a driver gets, whose programs end soon."""
        return {"SPARK_CONF_DIR": str(self._conf), "JDK_JAVA_OPTIONS": " ".join(SHORT_LIVED_JVM)}

    @property
    def page(self) -> str:
        """The master's web page."""
        return f"http://127.0.0.1:{self.web_port}"

    def __enter__(self) -> SparkCluster:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def start(self) -> None:
        """Start the master and the workers, and wait until all of them are registered.

        Raises:
            ClusterError: They were not within two minutes, or one ended; holds its last words.
            EnvironmentProblem: There is no Java that fits.
        """
        self._conf.mkdir(parents=True, exist_ok=True)
        defaults = {**DEFAULTS, **self.defaults}
        lines = "".join(f"{name} {value}\n" for name, value in defaults.items())
        (self._conf / "spark-defaults.conf").write_text(lines, encoding="utf-8")
        java = find_java()
        at = ("--port", str(self.port), "--webui-port", str(self.web_port))
        self._run("master", java, "master.Master", "--host", "127.0.0.1", *at)
        try:
            self._wait(0)
            for number in range(1, self.workers + 1):
                work = self.folder / f"work-{number}"
                offers = ("--cores", str(self.cores), "--memory", self.memory, "--work-dir", str(work))
                ports = ("--host", "127.0.0.1", "--webui-port", "0")
                self._run(f"worker-{number}", java, "worker.Worker", *ports, *offers, self.master)
            self._wait(self.workers)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the workers with their executors, then the master."""
        while self._programs:
            self._programs.pop().end()

    def registered(self) -> int | None:
        """Ask the master how many workers it has; none while it does not answer."""
        try:
            with urlopen(f"{self.page}/json/", timeout=5) as answer:  # noqa: S310  # our own loopback address
                return int(json.load(answer)["aliveworkers"])
        except (URLError, OSError, ValueError):
            return None

    @property
    def _conf(self) -> Path:
        return self.folder / "conf"

    def _run(self, name: str, java: Java, what: str, *arguments: str) -> None:
        home = Path(str(pyspark.__path__[0]))
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", *arguments]
        if self.hidden and name != "master":
            command = _with_disk_of_its_own(command, self.hidden)
        options = shlex.join([*SHORT_LIVED_JVM, *java.options])
        variables = {kept: os.environ[kept] for kept in KEPT if kept in os.environ} | {
            "JAVA_HOME": str(java.home),
            "SPARK_HOME": str(home),
            "SPARK_CONF_DIR": str(self.folder),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": options,
        }
        program = Program(name, command, self.folder, variables)
        program.start()
        self._programs.append(program)

    def _wait(self, workers: int) -> None:
        deadline = time.monotonic() + SECONDS
        while (found := self.registered()) is None or found < workers:
            for program in self._programs:
                if not program.runs:
                    raise ClusterError(f"{program.name} of the cluster ended: {_last_words(program.log)}")
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{found} of {workers} workers were registered within {SECONDS:.0f} seconds: "
                    f"{_last_words(self._programs[-1].log)}"
                )
            time.sleep(ASKED_EVERY)


def _with_disk_of_its_own(command: Sequence[str], hidden: Sequence[Path]) -> list[str]:
    mounts = " && ".join(f"mount -t tmpfs tmpfs {shlex.quote(str(folder))}" for folder in hidden)
    return ["unshare", "--mount", "sh", "-c", f"{mounts} && exec {shlex.join(command)}"]


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])
