"""A plan carried out: promotions one after another, kills beside them, and quiet at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.ledger import Ask, ask
from chaos.plan import Kill, Plan, Promotion
from chaos.world import MODEL, World, within
from days_to_sell.errors import DaysToSellError
from days_to_sell.registry.events.event import Kind
from days_to_sell.release.machine.key import IMAGE, PACKAGE, STARTED

Report = Callable[[str], None]
# Not a promise, only how long the next burst waits; and how long the end may take.
SETTLE_SECONDS, QUIET_SECONDS = 40.0, 300.0
MAKING_SECONDS = 20.0
LOOK_SECONDS = 0.02


@dataclass
class Played:
    """What was done.

    Args:
        asks: Promotions, as the client knows of them.
        kills: What was killed; a kill that met nothing to kill is none.
        quiet: Whether all came to rest in the end.
    """

    asks: list[Ask] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    quiet: bool = False


def play(plan: Plan, world: World, report: Report) -> Played:
    """Carry a plan out in a world that has begun, and wait until it is quiet.

    Raises:
        EnvironmentProblem: The MLflow server does not come back.
    """
    played = Played()
    with Killer(world, report, played.kills) as killer:
        for promotion in plan.promotions:
            for kill in promotion.kills:
                killer.send(kill)
            world.await_server()
            asked = ask(world.url, MODEL, world.versions[promotion.version - 1].number, promotion)
            played.asks.append(asked)
            report(f"{asked}: {asked.outcome}{f' ({asked.said})' if asked.said else ''}")
            if promotion.settles:
                rest(world, promotion, report)
            else:
                time.sleep(promotion.pause)
        killer.wait()
        world.mend()
        played.quiet = within(QUIET_SECONDS, world.settled)
    return played


def rest(world: World, promotion: Promotion, report: Report) -> None:
    """Let the last promotion of a burst have its release, if it can."""
    for dead in world.mend():
        report(f"the {dead} had ended by itself")
    serves = within(SETTLE_SECONDS, world.settled)
    report(f"promotion {promotion.number} {'serves' if serves else 'does not serve yet'}")


@dataclass
class Killer:
    """Kills what it is sent for, each in its own time, and starts it again.

    Args:
        world: What there is to kill.
        report: Takes one line for each kill.
        done: What was killed.
    """

    world: World
    report: Report
    done: list[str]
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Killer:
        return self

    def __exit__(self, *_: object) -> None:
        # None may start anything after what was started has been ended.
        self._over.set()
        self.wait()

    def send(self, kill: Kill) -> None:
        """Begin with a kill."""
        thread = threading.Thread(target=self._go, args=(kill,), name=str(kill))
        thread.start()
        self._threads.append(thread)

    def wait(self) -> None:
        """Wait until all is killed that was to be."""
        for thread in self._threads:
            thread.join()

    def _go(self, kill: Kill) -> None:
        if kill.victim == "image" and not self._image_begins():
            self.report("no image was made that could have been disturbed")
            return
        if self._over.wait(kill.after):
            return
        try:
            struck = self._strike(kill)
        except DaysToSellError as error:
            struck = None
            self.report(f"{kill}: {error}")
        if struck:
            self.done.append(struck)
            self.report(f"killed {struck}")

    def _strike(self, kill: Kill) -> str | None:
        if kill.victim == "service":
            return self.world.place.strike(kill.luck)
        program = self.world.server if kill.victim == "server" else self.world.daemon
        with program.lock:
            under_way = self._under_way()
            ran = program.kill()
            self._over.wait(kill.down)
            program.start()
        return f"{program.name} {under_way}" if ran else None

    def _image_begins(self) -> bool:
        events = self.world.log.read(MODEL)
        after = events[-1].position if events else 0

        def begins() -> bool:
            found = self.world.log.read(MODEL, kinds=(Kind.STEP,), after=after)
            return any(each.body["step"] in (PACKAGE, IMAGE) for each in found)

        deadline = time.monotonic() + MAKING_SECONDS
        while not begins():
            if time.monotonic() > deadline or self._over.wait(LOOK_SECONDS):
                return False
        return True

    def _under_way(self) -> str:
        steps = self.world.log.read(MODEL, kinds=(Kind.STEP,))
        if not steps or steps[-1].body["state"] != STARTED:
            return "between two steps"
        return f"at the step {steps[-1].body['step']} of version {steps[-1].version}"
