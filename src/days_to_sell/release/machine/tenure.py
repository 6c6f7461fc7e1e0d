"""Holding a lease while a release is under way."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from days_to_sell.errors import EventLogError, LeaseError
from days_to_sell.registry.events.leases import Lease
from days_to_sell.registry.events.log import EventLog, translated
from days_to_sell.release.target import Report

LEASE_SECONDS = 12.0
# Longer than a lease: whoever comes after a program that was killed gets its turn without being told to wait.
WAIT_SECONDS = 20.0
# What takes longer than this within one step hangs, and must not keep others out.
STEP_SECONDS = 3600.0
LOOK_SECONDS = 0.25


class Tenure:
    """The time in which this program may act.

    A thread renews the lease, for no step is sure to end within one: an image may take minutes to build. It
    stops when one step takes longer than any should, so that a program that hangs is replaced all the same.

    Args:
        log: Whose leases.
        lease: The lease as it was taken.
        until: When it runs out, by this machine's monotonic clock.
        seconds: How long it lasts after each renewal.
    """

    def __init__(self, log: EventLog, lease: Lease, until: float, seconds: float = LEASE_SECONDS) -> None:
        self.lease = lease
        self._log, self._until, self._seconds = log, until, seconds
        self._alive = time.monotonic()
        self._ended, self._lost = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"renews {lease.name}", daemon=True)
        self._thread.start()

    @property
    def held(self) -> bool:
        """Whether nobody else can hold it, as far as this program knows."""
        return not self._lost.is_set() and time.monotonic() < self._until

    def require(self) -> None:
        """Make sure that this program may still act; the next step may take as long as any may.

        Raises:
            LeaseError: It may not.
        """
        if not self.held:
            raise LeaseError(
                f"{self.lease.holder} no longer holds the lease {self.lease.name!r}: it could not be "
                "renewed, or another took over; nothing more is done here, and whoever holds it goes on"
            )
        self._alive = time.monotonic()

    def end(self) -> None:
        """Give the lease back."""
        self._ended.set()
        self._thread.join()
        if self.held:
            with _answering(self._log):
                self._log.leases.release(self.lease)

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / 4):
            began = time.monotonic()
            if began - self._alive > STEP_SECONDS:
                return
            try:
                with _answering(self._log):
                    renewed = self._log.leases.acquire(self.lease.name, self.lease.holder, self._seconds)
            except EventLogError:
                # Until it runs out, the next attempt may succeed.
                continue
            if renewed != self.lease:
                self._lost.set()
                return
            self._until = began + self._seconds


@contextmanager
def hold(
    log: EventLog,
    name: str,
    *,
    report: Report,
    wait: float | None = WAIT_SECONDS,
    seconds: float = LEASE_SECONDS,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Tenure]:
    """Hold a lease within the block, after waiting for whoever has it.

    Args:
        log: Whose leases.
        name: What for.
        report: Takes a line that says who has it.
        wait: How long to wait at most; ``None`` waits as long as it takes.
        seconds: How long the lease lasts when it is not renewed.
        stopping: Whether to give up waiting.

    Raises:
        LeaseError: Another program has it still, or the waiting was given up.
        EventLogError: The log does not answer.
    """
    tenure = _taken(log, name, report, wait, seconds, stopping)
    try:
        yield tenure
    finally:
        try:
            tenure.end()
        except EventLogError:
            report(f"the lease {name!r} could not be given back; it runs out by itself")


def _taken(
    log: EventLog, name: str, report: Report, wait: float | None, seconds: float, stopping: Callable[[], bool]
) -> Tenure:
    # Two programs of one name would both believe that the lease is theirs.
    me = f"{getpass.getuser()}@{socket.gethostname()} process {os.getpid()} {secrets.token_hex(4)}"
    begun, told = time.monotonic(), ""
    while True:
        with _answering(log):
            asked = time.monotonic()
            lease = log.leases.acquire(name, me, seconds)
            holder = "" if lease else log.leases.holder(name) or ""
        if lease:
            return Tenure(log, lease, asked + seconds, seconds)
        if stopping() or (wait is not None and time.monotonic() - begun > wait):
            raise LeaseError(
                f"{holder or 'another program'} holds the lease {name!r}; it is at work there, so leave it "
                "to that, or end it and try again"
            )
        if holder and holder != told:
            told = holder
            report(f"waiting: {holder} holds the lease {name!r}")
        time.sleep(LOOK_SECONDS)


@contextmanager
def _answering(log: EventLog) -> Iterator[None]:
    with translated(log.engine.url.render_as_string(hide_password=True)):
        yield
