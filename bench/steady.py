"""A constant load: so many requests every second, whatever comes back, each reply held against its version.

The load is open: a request is sent when its time has come, not when another was answered, and its latency
counts from that time. Every other request opens a connection of its own; the rest share connections that
stay open. One that was idle for five seconds is left, as httpx and Node do by default, and so is one that the
service was seen to close. Nothing is asked twice: what a retry would hide is counted.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from days_to_sell.scoring.agreement import TOLERANCE, distance

ANSWER_SECONDS = 15.0
SHOWN_FAILURES = 10
# Less than a service that ends goes on answering over open connections: each is told there to be closed.
IDLE_SECONDS = 5.0


@dataclass(frozen=True)
class Question:
    """One request.

    Args:
        body: What is sent.
        answers: The right answer by what ``X-Model`` names.
    """

    body: bytes
    answers: Mapping[str, float]


@dataclass
class Tally:
    """What came of a load.

    Args:
        requests: How many were sent.
        seconds: Latency of each that was answered, from when it was due.
        failures: What was wrong with the others.
        by_model: Right answers by what ``X-Model`` named.
        connections: How many were opened.
        closed: How many of them the service closed while they were idle.
    """

    requests: int = 0
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    by_model: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    closed: int = 0

    def quantile_ms(self, share: float) -> float:
        """Latency that a share of the answered requests did not exceed."""
        ranked = sorted(self.seconds) or [float("nan")]
        return 1e3 * ranked[min(int(share * len(ranked)), len(ranked) - 1)]


@contextmanager
def steady(
    port: int, questions: Sequence[Question], rate: float, headers: Sequence[str] = ()
) -> Iterator[Tally]:
    """Ask a service of this machine while the block runs, and wait for the last answer at its end.

    Args:
        port: Where it listens.
        questions: What is asked, in turn.
        rate: Requests a second.
        headers: Further lines of each request's head, such as a key.
    """
    tally, ended = Tally(), threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(_Load(port, questions, rate, tally, headers).run(ended))
    )
    thread.start()
    try:
        yield tally
    finally:
        ended.set()
        thread.join()


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    def close(self) -> None:
        self.writer.close()


class _Load:
    """The load, in the event loop of its thread."""

    def __init__(
        self, port: int, questions: Sequence[Question], rate: float, tally: Tally, headers: Sequence[str] = ()
    ) -> None:
        self._headers = headers
        self._port, self._questions, self._rate, self._tally = port, questions, rate, tally
        self._idle: list[_Connection] = []

    async def run(self, ended: threading.Event) -> None:
        """Ask until the event is set."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        asked: set[asyncio.Task[None]] = set()
        while not ended.is_set():
            due = began + self._tally.requests / self._rate
            await asyncio.sleep(max(due - loop.time(), 0.0))
            task = asyncio.create_task(self._ask(self._tally.requests, due))
            asked.add(task)
            task.add_done_callback(asked.discard)
            self._tally.requests += 1
        await asyncio.gather(*asked)
        for connection in self._idle:
            connection.close()

    async def _ask(self, number: int, due: float) -> None:
        question = self._questions[number % len(self._questions)]
        try:
            model = await asyncio.wait_for(self._exchange(question, stays=number % 2 == 0), ANSWER_SECONDS)
        except (OSError, EOFError, ValueError, KeyError, TimeoutError) as error:
            self._tally.failures.append(f"request {number}: {error!r:.200}")
            return
        self._tally.by_model[model] += 1
        self._tally.seconds.append(asyncio.get_running_loop().time() - due)

    async def _exchange(self, question: Question, *, stays: bool) -> str:
        connection = (self._kept() if stays else None) or await self._open()
        try:
            head = [
                "POST /invocations HTTP/1.1",
                f"Host: 127.0.0.1:{self._port}",
                "Content-Type: application/json",
                f"Content-Length: {len(question.body)}",
                f"Connection: {'keep-alive' if stays else 'close'}",
                *self._headers,
            ]
            connection.writer.write("\r\n".join([*head, "", ""]).encode() + question.body)
            status, headers = _head(await connection.reader.readuntil(b"\r\n\r\n"))
            body = await connection.reader.readexactly(int(headers["content-length"]))
        except BaseException:
            connection.close()
            raise
        if stays and headers.get("connection", "").lower() != "close":
            connection.used = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()
            with suppress(OSError):
                await connection.writer.wait_closed()
        return _check(question, status, headers.get("x-model", ""), body)

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            idle = asyncio.get_running_loop().time() - connection.used
            closed = connection.reader.at_eof()
            if idle < IDLE_SECONDS and not closed:
                return connection
            if closed:
                self._tally.closed += 1
            connection.close()
        return None

    async def _open(self) -> _Connection:
        self._tally.connections += 1
        return _Connection(*await asyncio.open_connection("127.0.0.1", self._port))


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    line, *lines = head.decode("latin-1").split("\r\n")
    fields = (each.partition(":") for each in lines if each)
    return int(line.split()[1]), {name.lower(): value.strip() for name, _, value in fields}


def _check(question: Question, status: int, model: str, body: bytes) -> str:
    if status != 200:
        raise ValueError(f"HTTP {status}: {body[:120]!r}")
    (answer,) = json.loads(body)["predictions"]
    if model not in question.answers:
        raise ValueError(f"X-Model names {model!r}")
    if distance(question.answers[model], answer) > TOLERANCE:
        raise ValueError(f"{model} answered {answer}, its scorer {question.answers[model]}")
    return model
