"""The views that are read with GET: what each address of the service tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from days_to_sell.scoring.golden import Proof
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.settings import Settings
from serving.invocations import unready
from serving.problems import NOT_READY, problem
from serving.request_ids import current_request_id


@dataclass(frozen=True)
class Views:
    """The views of one service.

    Args:
        predictor: Scores rows.
        proof: What the predictor's own golden rows showed at the start.
        settings: Limits, and the names that ``/version`` reports.
        description: The OpenAPI document.
        registry: What ``/metrics`` tells.
    """

    predictor: Predictor
    proof: Proof
    settings: Settings
    description: Mapping[str, Any]
    registry: CollectorRegistry

    @property
    def readable(self) -> Mapping[str, Callable[[], Response]]:
        """The views that are read with GET, by path."""
        return {
            "/ping": self.ping,
            "/health": self.ping,
            "/version": self.version,
            "/livez": self.live,
            "/readyz": self.ready,
            "/metrics": self.metrics,
            "/openapi.json": self.openapi,
        }

    def ping(self) -> Response:
        """Answer as MLflow's scoring server does: a blank line once requests can be scored."""
        return Response("\n", mimetype="application/json") if self.proof.passed else self._not_ready()

    def version(self) -> Response:
        """Say which model version answers; MLflow's own server names the version of MLflow here."""
        package = self.predictor.package
        return _json(
            {
                "model": package.model,
                "version": self.settings.model_version,
                "digest": package.digest,
                "environment": self.settings.environment,
                "run_id": package.provenance.get("run_id", ""),
                "engine": self.predictor.engine,
            }
        )

    def live(self) -> Response:
        """Say that the process answers."""
        return _json({"status": "live"})

    def ready(self) -> Response:
        """Say whether requests can be scored: the model gave Spark's answers to its golden rows."""
        if not self.proof.passed:
            return self._not_ready()
        golden = {"rows": self.proof.rows, "max_rel_error": self.proof.max_rel_error}
        return _json({"status": "ready", "golden": golden})

    def metrics(self) -> Response:
        """Tell Prometheus what all workers of this service counted."""
        return Response(generate_latest(self.registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    def openapi(self) -> Response:
        """Describe the service and the model's contract."""
        return _json(self.description)

    def _not_ready(self) -> Response:
        return problem(NOT_READY, unready(self.proof) or "", current_request_id()).as_response()


def _json(value: object) -> Response:
    return Response(json.dumps(value, allow_nan=False), mimetype="application/json")
