"""The JVM of this process, started once, when the first bundle asks for it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.scoring.jvm.runtime import JvmRuntime

_NETLIB = "com.github.fommil.netlib"
REQUIRED = (
    # Signals stay with Python: a worker has to end by SIGTERM as its server wants it to.
    "-Xrs",
    # Bundles are small and rows short-lived; other collectors bring threads and memory of their own.
    "-XX:+UseSerialGC",
    # It would be written to a folder that a confined container need not have.
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    # Without these, MLeap's linear algebra looks for native libraries first and warns that there are none.
    f"-D{_NETLIB}.BLAS={_NETLIB}.F2jBLAS",
    f"-D{_NETLIB}.LAPACK={_NETLIB}.F2jLAPACK",
    f"-D{_NETLIB}.ARPACK={_NETLIB}.F2jARPACK",
)


@dataclass(frozen=True)
class Machine:
    """The running JVM.

    Args:
        runtime: What it was started from.
        process: Id of the process that it lives in.
        jpype: The bridge to it.
    """

    runtime: JvmRuntime
    process: int
    jpype: Any

    def java(self, name: str) -> Any:
        """Give a Java class by its full name."""
        return self.jpype.JClass(name)

    def check_process(self) -> None:
        """Make sure that this is the process that the JVM lives in.

        Raises:
            EnvironmentProblem: This process was forked from that one: the JVM's threads did not come along,
                and a call into it would never return.
        """
        if os.getpid() != self.process:
            raise EnvironmentProblem(
                "this process was forked from one that runs a JVM, which does not survive that; "
                "load the bundle after the fork (with gunicorn: without preload_app)"
            )


# A process starts at most one JVM in its life, so which one is a fact of the process, not of any caller.
_LOCK = threading.Lock()
_STARTED: list[Machine] = []


def start_jvm(runtime: JvmRuntime) -> Machine:
    """Start the JVM of this process, or give the one that runs, if it was started from the same.

    Raises:
        EnvironmentProblem: JPype is not installed, the JVM does not start, or another one runs.
    """
    with _LOCK:
        if not _STARTED:
            _STARTED.append(_start(runtime))
        running = _STARTED[0]
    running.check_process()
    if running.runtime != runtime:
        raise EnvironmentProblem(
            f"this process already runs a JVM from {running.runtime.java_home} with other jars or options, "
            "and can run no second one; score with another runtime in another process"
        )
    return running


def _start(runtime: JvmRuntime) -> Machine:
    try:
        import jpype
    except ImportError as error:
        raise EnvironmentProblem(
            f"the JVM engine needs JPype ({error}); install requirements/jvm.txt, or score with engine=python"
        ) from error
    if jpype.isJVMStarted():
        raise EnvironmentProblem(
            "this process already runs a JVM that others started, to which MLeap's runtime cannot be added; "
            "score in a process of its own"
        )
    missing = [str(jar) for jar in runtime.jars if not jar.is_file()]
    if missing:
        raise EnvironmentProblem(f"jars of MLeap's runtime are missing: {', '.join(missing)}")
    try:
        jpype.startJVM(
            *REQUIRED,
            *runtime.options,
            jvmpath=str(runtime.library),
            classpath=[str(jar) for jar in runtime.jars],
            # JPype's way to say that it leaves ^C alone.
            interrupt=True,
        )
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        options = " ".join(runtime.options)
        raise EnvironmentProblem(
            f"the JVM of {runtime.java_home} does not start: {error} (options: {options})"
        ) from error
    return Machine(runtime, os.getpid(), jpype)
