"""Replay of golden data over HTTP: the proof that a deployment answers as Spark did."""

from __future__ import annotations

from collections.abc import Sequence

import requests

from days_to_sell.errors import ProofError, TargetError
from days_to_sell.release.service import http_session
from days_to_sell.scoring.golden import GoldenRow, Proof, compare

BATCH_ROWS = 100
ANSWER_SECONDS = 60.0
SHOWN_DIFFERENCES = 3
# What a proxy says of a service that is gone, and a service of itself that is not ready: no answers to rows.
AWAY = (502, 503, 504)


def replay(url: str, golden: Sequence[GoldenRow], *, batch_rows: int = BATCH_ROWS) -> Proof:
    """Ask a scoring service for every golden row and compare its answers with Spark's.

    Args:
        url: Address of the service.
        golden: The rows.
        batch_rows: Rows of one request; at most the service's own limit.

    Raises:
        TargetError: The service does not answer, or not by the scoring protocol.
    """
    answers: list[float | str] = []
    with http_session() as session:
        for start in range(0, len(golden), batch_rows):
            answers += _ask(session, url, golden[start : start + batch_rows])
    return compare(golden, answers)


def require(proof: Proof, where: str) -> None:
    """Refuse a proof that did not pass.

    Raises:
        ProofError: There was no golden row, or answers differ; the message shows the worst.
    """
    if proof.passed:
        return
    if not proof.rows:
        raise ProofError(f"nothing to prove {where} with: the package has no golden rows; train again")
    worst = "\n".join(f"  {difference}" for difference in proof.differences[:SHOWN_DIFFERENCES])
    raise ProofError(
        f"{where} differs from Spark on {len(proof.differences)} of {proof.rows} golden rows, the worst:\n"
        f"{worst}\ntrain the version again, or promote another one"
    )


def _ask(session: requests.Session, url: str, rows: Sequence[GoldenRow]) -> list[float | str]:
    reply = _post(session, url, rows)
    if reply.status_code == requests.codes.ok:
        return _predictions(url, reply, len(rows))
    if len(rows) == 1:
        return [_refusal(reply)]
    # One refused row refuses its request: alone, each row gets its own answer.
    return [answer for row in rows for answer in _ask(session, url, [row])]


def _post(session: requests.Session, url: str, rows: Sequence[GoldenRow]) -> requests.Response:
    body = {"dataframe_records": [dict(row.input) for row in rows]}
    try:
        reply = session.post(f"{url}/invocations", json=body, timeout=ANSWER_SECONDS)
    except requests.RequestException as error:
        raise TargetError(f"{url} stopped answering while golden data was replayed: {error}") from error
    if reply.status_code in AWAY:
        raise TargetError(f"{url} stopped answering while golden data was replayed: {_refusal(reply)}")
    return reply


def _predictions(url: str, reply: requests.Response, count: int) -> list[float | str]:
    try:
        answers: list[float | str] = [float(number) for number in reply.json()["predictions"]]
    except (KeyError, TypeError, ValueError) as error:
        raise TargetError(
            f"{url}/invocations does not speak the scoring protocol: {error}; it said {reply.text[:200]!r}"
        ) from error
    if len(answers) != count:
        raise TargetError(f"{url}/invocations gave {len(answers)} predictions to {count} rows")
    return answers


def _refusal(reply: requests.Response) -> str:
    try:
        problem = reply.json()
        words = [str(problem[key]) for key in ("title", "detail") if problem.get(key)]
    except (AttributeError, ValueError):
        words = [reply.text[:200].strip()]
    return f"HTTP {reply.status_code}: {': '.join(words)}"
