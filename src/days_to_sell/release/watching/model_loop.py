"""The loop of one model: look, release what is to serve, and wait until the next look."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from days_to_sell.errors import DaysToSellError, LeaseError, ReleaseError, StoppedError
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.machine.course import is_final
from days_to_sell.release.machine.past import Past
from days_to_sell.release.outcome import Release
from days_to_sell.release.packages import Versions
from days_to_sell.release.target import Target
from days_to_sell.release.watching.board import Board
from days_to_sell.release.watching.patience import Patience


@dataclass
class ModelLoop:
    """One model, in a thread of its own: what holds it up holds up no other.

    Args:
        model: Name of the registered model.
        registry: Where versions are.
        connect: Gives the target that it is deployed to; asked again until there is one.
        log: The event log.
        place: Name of the place that is deployed to.
        environment: Where production is.
        release: Makes what serves at the target equal to what is in Production.
        board: Shows what happens.
        patience: How long to wait between looks.
        halted: Whether to end.
    """

    model: str
    registry: Versions
    connect: Callable[[], Target]
    log: EventLog
    place: str
    environment: str
    release: Callable[[Target], Release]
    board: Board
    patience: Patience
    halted: Callable[[], bool]
    _woken: threading.Event = field(default_factory=threading.Event, repr=False)
    _target: Target | None = None
    _desired: str | None = None
    _moved: bool = False

    def wake(self) -> None:
        """Look now, or as soon as what is under way is done."""
        self._woken.set()

    def run(self) -> None:
        """Look again and again until halted."""
        while not self.halted():
            self._woken.clear()
            self._woken.wait(self.look())

    def look(self) -> float:
        """Look once, and say after how many seconds to look again."""
        try:
            self._act()
        except StoppedError as error:
            self.board.state(self.model, str(error))
            return 0.0
        except DaysToSellError as error:
            return self._put_up_with(error)
        except Exception as error:
            # A fault of this program in one model's release must not take the others' daemon with it.
            self.board.say(self.model, traceback.format_exc())
            return self._put_up_with(ReleaseError(f"unexpected: {error!r}"))
        return self.patience.after_success()

    def _act(self) -> None:
        if self._target is None:
            self._target = self.connect()
        serving = self._target.current(self.environment)
        served = serving.version if serving and serving.model == self.model else None
        desired = self.registry.production(self.model, served)
        if desired is None:
            self.board.state(self.model, "nothing is in Production")
            return
        # A log that knows nothing of promotions does not tell that the same version came back: this does.
        self._moved |= self._desired not in (None, desired.version)
        self._desired = desired.version
        if not self._moved:
            past = Past.read(self.log, self.model, self.place)
            refusal = past.refusal_of(self.log, self.model, desired.version)
            if refusal is not None:
                reason = str(refusal.body.get("reason", "")).partition("\n")[0]
                self.board.state(self.model, f"version {desired.version} stays refused: {reason}")
                return
        released = self.release(self._target)
        self._moved = False
        self.board.state(self.model, f"version {released.version} serves at {released.url}")

    def _put_up_with(self, error: DaysToSellError) -> float:
        if is_final(error):
            self._moved = False
            return self.patience.after_success()
        wait = self.patience.after_failure()
        first = str(error).partition("\n")[0]
        if isinstance(error, LeaseError):
            self.board.state(self.model, f"waiting for another release: {first}")
        else:
            self.board.state(self.model, f"{first}; what serves keeps serving, trying again")
        return wait
