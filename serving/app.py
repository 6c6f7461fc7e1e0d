"""The application: one verified model package behind MLflow's scoring protocol."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Flask

from days_to_sell.scoring.engines import FindRuntime
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.settings import Settings
from serving import problems, request_ids
from serving.endpoints import Endpoints
from serving.metrics import RowMetrics, make_registry
from serving.openapi import describe

if TYPE_CHECKING:
    from days_to_sell.scoring.jvm import JvmRuntime

_logger = logging.getLogger(__name__)


def create_app(package: ModelPackage, settings: Settings) -> Flask:
    """Create the scoring service.

    The model answers its own golden rows first. If it does not give Spark's answers the service starts, so
    that ``/readyz`` can say why, and scores nothing.

    Args:
        package: The verified model package to serve.
        settings: Limits, and the names that ``/version`` reports.

    Raises:
        SettingsError: The folder of counters cannot be used.
        BundleError: The package's bundle cannot be read, or the engine cannot compute it.
        EnvironmentProblem: The JVM engine is asked for and cannot be had.
        PackageError: The package's derivations, golden rows or profile are damaged.
    """
    predictor = Predictor(
        package,
        allow_unknown_fields=settings.allow_unknown_fields,
        engine=settings.engine,
        runtime=_runtime(settings),
    )
    proof = predictor.prove()
    for difference in proof.differences[:3]:
        _logger.error("self-test: %s", difference)
    app = Flask("serving", static_folder=None)
    # Werkzeug cuts a body of unannounced length at its limit without a word: one byte more gives it away.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes + 1
    request_ids.attach(app)
    problems.attach(app, settings.max_body_bytes)
    rows = RowMetrics(package, settings)
    description = describe(package.contract, settings)
    endpoints = Endpoints(predictor, proof, settings, description, rows.observe, make_registry(rows))
    for path, view in endpoints.readable.items():
        app.add_url_rule(path, endpoint=path, view_func=view, methods=["GET"])
    app.add_url_rule("/invocations", view_func=endpoints.invocations, methods=["POST"])
    return app


def _runtime(settings: Settings) -> FindRuntime | None:
    """Say where the JVM engine's parts are, unless they are not named."""
    java, jars = settings.jvm_java, settings.jvm_jars
    if java is None or jars is None:
        return None

    def find() -> JvmRuntime:
        # Of no use to a service that computes in Python, as most do.
        from days_to_sell.scoring.jvm import JvmRuntime

        return JvmRuntime.from_folders(java, jars, tuple(settings.jvm_options.split()))

    return find
