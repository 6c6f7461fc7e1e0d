"""Who is measured: each the same model, or nothing at all, behind a server with as many processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.settings import PREFIX, Settings
from days_to_sell.training.spark.mleap_runtime import find_runtime

WORKERS = 2
SERVICE = "service"
# What bench.service.model writes, and the ONNX model beside it.
PACKAGE, PYFUNC, SPARK, ONNX = "package", "pyfunc", "spark", "model.onnx"


@dataclass(frozen=True)
class Contestant:
    """One way to serve.

    Args:
        name: Its name in the summary.
        title: What tables call it.
        command: Starts it; ``{port}`` is the port.
        variables: What it reads of the environment.
        tolerance: How far its answers may be from ours, relatively; None where it scores nothing.
        slow: Whether it takes so long for a request that its windows have to be longer.
    """

    name: str
    title: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    tolerance: float | None = 1e-9
    slow: bool = False


def contestants(folder: Path, python: Path) -> Iterator[Contestant]:
    """List them.

    Args:
        folder: What ``bench.service.model`` wrote.
        python: Interpreter of the environment of FastAPI and ONNX Runtime.
    """
    noop = "bench.service.programs.noop"
    yield Contestant(
        "wsgi_noop", "bare WSGI function", _gunicorn(f"{noop}:wsgi"), _gunicorn_variables(), None
    )
    yield Contestant(
        "flask_noop", "empty Flask route", _gunicorn(f"{noop}:flask()"), _gunicorn_variables(), None
    )
    service = service_of(folder / PACKAGE)
    yield service
    runtime = find_runtime(Settings.from_env())
    jvm = {
        f"{PREFIX}ENGINE": "jvm",
        f"{PREFIX}JVM_JAVA": str(runtime.java_home),
        f"{PREFIX}JVM_JARS": str(runtime.jars[0].parent),
    }
    yield Contestant(
        "mleap_jvm", "our service, MLeap's JVM runtime", _gunicorn(), {**service.variables, **jvm}
    )
    uvicorn = (
        "-m",
        "uvicorn",
        "bench.service.programs.fastapi_onnx:app",
        "--port",
        "{port}",
        "--no-access-log",
    )
    yield Contestant(
        "fastapi_onnx",
        "FastAPI, ONNX Runtime (no log, no metrics)",
        (str(python), *uvicorn, "--workers", str(WORKERS)),
        {"ONNX_MODEL": str(folder / ONNX)},
        # It computes in numbers of 32 bits.
        1e-5,
    )
    yield Contestant(
        "mlflow_pyfunc", "mlflow models serve, Python scorer", *_mlflow(folder / PYFUNC), slow=True
    )
    yield Contestant("mlflow_spark", "mlflow models serve, Spark", *_mlflow(folder / SPARK), slow=True)


def service_of(package: Path) -> Contestant:
    """Our service over a model package, with all that it has."""
    variables = {**_gunicorn_variables(), f"{PREFIX}PACKAGE": str(package)}
    return Contestant(SERVICE, "our service", _gunicorn(), variables)


def _gunicorn(application: str | None = None) -> tuple[str, ...]:
    command = (sys.executable, "-m", "gunicorn", "-c", "serving/gunicorn.conf.py")
    return (*command, application) if application else command


def _gunicorn_variables() -> dict[str, str]:
    return {"PORT": "{port}", "WEB_CONCURRENCY": str(WORKERS), f"{PREFIX}HOST": "127.0.0.1"}


def _mlflow(model: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    command = (
        sys.executable,
        "-m",
        "mlflow",
        "models",
        "serve",
        "--model-uri",
        str(model),
        "--port",
        "{port}",
    )
    # MLflow starts the program uvicorn, which is ours.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return (*command, "--workers", str(WORKERS), "--env-manager", "local", "--timeout", "120"), {"PATH": path}
