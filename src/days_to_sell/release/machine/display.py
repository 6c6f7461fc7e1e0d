"""The state of a release on the version's tags, for people to see: no step waits until they are written."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from days_to_sell.errors import DaysToSellError, LeaseError
from days_to_sell.release.packages import Versions
from days_to_sell.release.target import Report

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion


class Display:
    """Writes tags on a version, one request after the other, in a thread of its own.

    What was not written yet gives way to what is newer, and all is written when the context ends. A registry
    that does not take tags holds nothing up: it is told of once, and asked no more. Where the program is to
    die, or another one has taken the release over, nothing more is written.

    Args:
        registry: Where versions are.
        version: The version.
        report: Takes one line of progress.
    """

    def __init__(self, registry: Versions, version: ModelVersion, report: Report) -> None:
        self._registry, self._version, self._report = registry, version, report
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="tags")
        self._lock, self._deaf = Lock(), False
        self._pending, self._written = dict[str, str](), dict[str, str]()
        self._asked: list[Future[None]] = []

    def show(self, tags: Mapping[str, str]) -> None:
        """Write these soon; of several, the last is written last."""
        with self._lock:
            kept = {name: value for name, value in self._pending.items() if name not in tags}
            self._pending = {**kept, **tags}
        self._asked.append(self._writer.submit(self._write))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, LeaseError) or not (error is None or isinstance(error, DaysToSellError)):
            with self._lock:
                self._pending = {}
        self._writer.shutdown()
        if error is None:
            for each in self._asked:
                each.result()

    def _write(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        tags = {name: value for name, value in pending.items() if self._written.get(name) != value}
        if self._deaf or not tags:
            return
        try:
            self._registry.tag(self._version, tags)
        except DaysToSellError as error:
            self._deaf = True
            self._report(f"the state could not be written to the version's tags: {error}")
        else:
            self._written |= tags
