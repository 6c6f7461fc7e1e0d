"""The views: what each address of the service answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Request, Response, request
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import RequestEntityTooLarge

from days_to_sell.scoring.golden import Proof
from days_to_sell.scoring.predictor import Predictor, Refusal
from days_to_sell.scoring.sketch import Observe
from days_to_sell.settings import Settings
from serving import metrics
from serving.problems import (
    MALFORMED_REQUEST,
    NOT_READY,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    RowProblem,
    invalid_rows,
    problem,
)
from serving.protocol import ProtocolError, TooManyRowsError, parse_document, read_rows

LINKS = {
    "score": "/invocations",
    "contract": "/openapi.json",
    "version": "/version",
    "alive": "/livez",
    "ready": "/readyz",
    "metrics": "/metrics",
}


@dataclass(frozen=True)
class Endpoints:
    """The views of one service.

    Args:
        predictor: Scores rows.
        proof: What the predictor's own golden rows showed at the start.
        settings: Limits, and the names that ``/version`` reports.
        description: The OpenAPI document.
        observe: Counts answered rows.
        registry: What ``/metrics`` tells.
    """

    predictor: Predictor
    proof: Proof
    settings: Settings
    description: Mapping[str, Any]
    observe: Observe
    registry: CollectorRegistry

    @property
    def readable(self) -> Mapping[str, Callable[[], Response]]:
        """The views that are read with GET, by path."""
        return {
            "/": self.index,
            "/ping": self.ping,
            "/health": self.ping,
            "/version": self.version,
            "/livez": self.live,
            "/readyz": self.ready,
            "/metrics": self.metrics,
            "/openapi.json": self.openapi,
        }

    def invocations(self) -> Response:
        """Score the rows of a request: all of them, or none and the reasons."""
        if not self.proof.passed:
            return self._not_ready()
        refusal = _unreadable(request)
        if refusal:
            return problem(UNSUPPORTED_MEDIA_TYPE, refusal)
        try:
            rows = read_rows(
                parse_document(self._body()), self.predictor.package.contract.names, self.settings.max_rows
            )
        except TooManyRowsError as error:
            return problem(TOO_LARGE, str(error))
        except ProtocolError as error:
            return problem(MALFORMED_REQUEST, str(error))
        answers = self.predictor.predict(rows, self.observe)
        errors = _row_problems(answers)
        return invalid_rows(errors, len(rows)) if errors else _json({"predictions": answers})

    def index(self) -> Response:
        """Say what this is and where things are."""
        contract = self.predictor.package.contract
        return _json({"model": contract.model, "title": contract.title, "links": LINKS})

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
        return Response(metrics.write(self.registry), content_type=metrics.CONTENT_TYPE)

    def openapi(self) -> Response:
        """Describe the service and the model's contract."""
        return _json(self.description)

    def _body(self) -> bytes:
        body = request.get_data(cache=False)
        if len(body) > self.settings.max_body_bytes:
            raise RequestEntityTooLarge
        return body

    def _not_ready(self) -> Response:
        if not self.proof.rows:
            return problem(NOT_READY, "the model package has no golden rows to prove itself; build it again")
        wrong = len(self.proof.differences)
        detail = f"the model differs from Spark on {wrong} of its {self.proof.rows} golden rows"
        return problem(
            NOT_READY, f"{detail}; the worst: {self.proof.differences[0]}; build the package again"
        )


def _unreadable(asked: Request) -> str | None:
    if asked.mimetype != "application/json":
        return f"the content type is {asked.mimetype[:60] or 'missing'}; send application/json"
    others = sorted(set(asked.mimetype_params) - {"charset"})
    if others:
        return f"the content type has a parameter {others[0][:60]!r}; send application/json alone"
    if asked.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return "the charset is not UTF-8; send UTF-8"
    if asked.headers.get("Content-Encoding", "identity").lower() != "identity":
        return "the body is compressed; send it as it is"
    return None


def _row_problems(answers: Sequence[float | Refusal]) -> list[RowProblem]:
    return [
        RowProblem(number, found.field, found.value, found.allowed, found.message)
        for number, answer in enumerate(answers)
        if isinstance(answer, Refusal)
        for found in answer.problems
    ]


def _json(value: object) -> Response:
    return Response(json.dumps(value, allow_nan=False), mimetype="application/json")
