"""The application: one verified model package behind MLflow's scoring protocol."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry

from days_to_sell.scoring.engines import FindRuntime
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.settings import Settings
from serving import problems
from serving.docs_page import docs
from serving.edge import ANSWERED, Edge, Handled
from serving.invocations import PATH, Invocations
from serving.keys import KeyFile, Keys, NoKeys
from serving.openapi import describe
from serving.page.view import page
from serving.telemetry.access_log import AccessLog
from serving.telemetry.requests import RequestMetrics
from serving.telemetry.rows import RowMetrics
from serving.views import Views

if TYPE_CHECKING:
    from days_to_sell.scoring.jvm import JvmRuntime

_logger = logging.getLogger(__name__)


def create_app(package: ModelPackage, settings: Settings, *, fast_lane: bool = True) -> Flask:
    """Create the scoring service.

    The model answers its own golden rows first. If it does not give Spark's answers the service starts, so
    that ``/readyz`` can say why, and scores nothing.

    Args:
        package: The verified model package to serve.
        settings: Limits, keys, and the names that ``/version`` reports.
        fast_lane: Whether scoring requests are answered in front of Flask's routing, with the same bytes.

    Raises:
        SettingsError: The folder of counters or the file of keys cannot be used.
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
    keys = _keys(settings)
    rows = RowMetrics(package, settings)
    invocations = Invocations(predictor, proof, keys, settings, rows.observe)
    registry = CollectorRegistry(auto_describe=False)
    views = Views(predictor, proof, settings, describe(package, settings), registry)
    requests = RequestMetrics((PATH, "/", "/docs", *views.readable), keys, settings)
    # The client's own collectors count one process alone.
    registry.register(rows)
    registry.register(requests)

    app = Flask("serving", static_folder=None)
    problems.attach(app, settings.max_body_bytes)
    for path, view in views.readable.items():
        app.add_url_rule(path, endpoint=path, view_func=view, methods=["GET"])
    app.register_blueprint(page(package.contract, settings))
    app.register_blueprint(docs(package.contract))

    def score() -> Response:
        reply = request.environ[ANSWERED] = invocations(request.environ)
        return reply.as_response()

    app.add_url_rule(PATH, view_func=score, methods=["POST"])
    model = f"{package.model}/{settings.model_version or 'unversioned'}"
    log = AccessLog(settings.model_version) if settings.access_log else None

    def record(handled: Handled) -> None:
        requests.count(handled)
        if log:
            log.write(handled)

    app.wsgi_app = Edge(app.wsgi_app, invocations, record, model=model, fast=fast_lane)  # type: ignore[method-assign]
    return app


def _keys(settings: Settings) -> Keys:
    return NoKeys() if settings.api_keys_file is None else KeyFile(settings.api_keys_file)


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
