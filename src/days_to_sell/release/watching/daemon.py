"""The daemon: one loop for each model, woken by the log and by hints; a second daemon stands by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from days_to_sell.errors import EventLogError, LeaseError
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.tenure import LEASE_SECONDS, Tenure, hold
from days_to_sell.release.watching.board import Board
from days_to_sell.release.watching.model_loop import ModelLoop
from days_to_sell.release.watching.patience import Patience
from days_to_sell.release.watching.tail import Tail

TAIL_SECONDS = 0.25
# Waiting longer than that for the log would be waiting for a lease that has run out.
MOST_SECONDS = 5.0


@dataclass
class Daemon:
    """Looks after several models until it is asked to end.

    Args:
        loops: Makes the loops of the models, given whether to end.
        log: The event log.
        place: Name of the place that is deployed to; one daemon is at work there at a time.
        board: Shows what happens.
        lease_seconds: How long after the death of one daemon another takes over.
        ending: Whether it was asked to end.
    """

    loops: Callable[[Callable[[], bool]], Sequence[ModelLoop]]
    log: EventLog
    place: str
    board: Board
    lease_seconds: float = LEASE_SECONDS
    ending: bool = False
    _active: Sequence[ModelLoop] = ()

    def end(self) -> None:
        """Ask it to end, between two steps; what is under way is continued by the next.

        A signal's handler may call it: it takes no lock that the interrupted program could hold.
        """
        self.ending = True

    def hint(self, model: str | None) -> None:
        """Look at a model now, or at all of them."""
        for loop in self._active:
            if model in (None, loop.model):
                loop.wake()

    def run(self) -> None:
        """Work while this is the one daemon here, stand by while it is not, until it is asked to end."""
        patience = Patience(every=0.0)
        while not self.ending:
            try:
                with hold(
                    self.log,
                    f"watch {self.place}",
                    report=lambda line: self._say(f"standing by, {line}"),
                    wait=None,
                    seconds=self.lease_seconds,
                    stopping=lambda: self.ending,
                ) as tenure:
                    self._say("at work")
                    patience.after_success()
                    self._work(tenure)
            except LeaseError:
                continue
            except EventLogError as error:
                self._say(f"{error}; what serves keeps serving, trying again")
                self._pause(patience.after_failure())
        self._say("ended")

    def _work(self, tenure: Tenure) -> None:
        over = threading.Event()

        def halted() -> bool:
            return over.is_set() or self.ending or not tenure.held

        self._active = self.loops(halted)
        threads = [threading.Thread(target=loop.run, name=loop.model) for loop in self._active]
        try:
            tail = Tail(self.log, [loop.model for loop in self._active])
            for thread in threads:
                thread.start()
            self._follow(tail, tenure)
        finally:
            over.set()
            for loop in self._active:
                loop.wake()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            self._active = ()

    def _follow(self, tail: Tail, tenure: Tenure) -> None:
        """Wake the loops by what is written to the log, and show that this program does not hang."""
        patience = Patience(every=TAIL_SECONDS, most=MOST_SECONDS)
        wait, silent = TAIL_SECONDS, False
        while tenure.held and not self.ending:
            self._pause(wait)
            try:
                tenure.require()
                for model in tail.news():
                    self.hint(model)
                wait, silent = TAIL_SECONDS, False
                patience.after_success()
            except LeaseError:
                break
            except EventLogError as error:
                wait = patience.after_failure()
                if not silent:
                    self._say(f"{error}; what serves keeps serving")
                silent = True
            self.board.refresh()
        if not self.ending:
            self._say("another daemon may take over: the lease was lost")

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.ending and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, TAIL_SECONDS))

    def _say(self, line: str) -> None:
        self.board.say("", line)
