"""Database sessions that join the one that is open, so that several calls of MLflow's store commit as one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy.orm import Session

MakeSession = Callable[..., AbstractContextManager[Session]]


class JoiningSessions:
    """MLflow's maker of sessions, which opens none within :meth:`outer` but hands out that one.

    Each call of MLflow's store opens a session of its own and commits it at the end.

    Args:
        make: MLflow's own maker.
    """

    def __init__(self, make: MakeSession) -> None:
        self._make = make
        self._open = threading.local()

    @contextmanager
    def __call__(self, read_only: bool = True) -> Iterator[Session]:
        """Give the session that is open in this thread, else one of MLflow's."""
        session = getattr(self._open, "session", None)
        if session is not None:
            yield session
            return
        with self._make(read_only=read_only) as session:
            yield session

    @contextmanager
    def outer(self) -> Iterator[Session]:
        """Open the session that others join; it is committed at the end, or rolled back on an error."""
        with self._make(read_only=False) as session:
            self._open.session = session
            try:
                yield session
            finally:
                self._open.session = None
