"""One scoring request, from the server's environment to the reply: the same wherever it is called from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from days_to_sell.scoring.golden import Proof
from days_to_sell.scoring.predictor import Predictor
from days_to_sell.scoring.sketch import Observe
from days_to_sell.settings import Settings
from serving.answers import Answers
from serving.keys import Keys
from serving.problems import INTERNAL_ERROR, NOT_READY, UNANSWERABLE, RequestError, problem
from serving.protocol import read_request
from serving.reply import Reply
from serving.request_ids import request_id_of

PATH = "/invocations"
_logger = logging.getLogger(__name__)


class Invocations:
    """Answers ``POST /invocations``.

    Args:
        predictor: Scores rows.
        proof: What the predictor's own golden rows showed at the start.
        keys: Who may ask.
        settings: The limits.
        observe: Counts answered rows.
    """

    def __init__(
        self, predictor: Predictor, proof: Proof, keys: Keys, settings: Settings, observe: Observe
    ) -> None:
        self._predictor, self._contract = predictor, predictor.package.contract
        self._unready = unready(proof)
        self._keys, self._settings, self._observe = keys, settings, observe
        self._answers = Answers(predictor.package, settings)

    def __call__(self, environ: Mapping[str, Any]) -> Reply:
        """Answer a request: whatever it holds, with a reply.

        Args:
            environ: Its WSGI environment, named by the edge.
        """
        client = ""
        try:
            client = self._keys.client_of(environ)
            return self._score(environ, client)
        except RequestError as error:
            reply = problem(error.kind, error.detail, request_id_of(environ), headers=error.headers)
        except Exception:
            _logger.exception("request %s failed", request_id_of(environ))
            reply = problem(INTERNAL_ERROR, UNANSWERABLE, request_id_of(environ))
        return reply._replace(client=client)

    def _score(self, environ: Mapping[str, Any], client: str) -> Reply:
        if self._unready:
            raise RequestError(NOT_READY, self._unready)
        rows, options = read_request(environ, self._contract, self._settings)
        days = self._predictor.predict(rows, self._observe, partial=options.partial)
        return self._answers(rows, days, options, request_id_of(environ), client)


def unready(proof: Proof) -> str | None:
    """Say why a model may not answer, if its own golden rows show that it may not."""
    if proof.passed:
        return None
    if not proof.rows:
        return "the model package has no golden rows to prove itself; build it again"
    return (
        f"the model differs from Spark on {len(proof.differences)} of its {proof.rows} golden rows; "
        f"the worst: {proof.differences[0]}; build the package again"
    )
