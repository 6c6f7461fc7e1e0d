"""The daemon of ``days-to-sell release --watch``, put together."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType

from days_to_sell.cli.reconciling import aides_for, reconcile_at, site_of
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.versions import Registry
from days_to_sell.release.canary.watch import Watch
from days_to_sell.release.choose import Choice, choose_target
from days_to_sell.release.machine.aides import Aides
from days_to_sell.release.machine.place import place_of
from days_to_sell.release.outcome import Release
from days_to_sell.release.site import Site
from days_to_sell.release.target import PRODUCTION, Target
from days_to_sell.release.watching.board import Board
from days_to_sell.release.watching.daemon import Daemon
from days_to_sell.release.watching.model_loop import ModelLoop
from days_to_sell.release.watching.patience import Patience
from days_to_sell.release.watching.webhook import Webhook, read_secret

# The daemon waits and tries again by itself; MLflow's own seven attempts take minutes, and tell nobody.
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}


@dataclass(frozen=True)
class Hook:
    """Where MLflow's webhook is taken.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        secret: File with the webhook's secret.
    """

    host: str
    port: int
    secret: Path


def watch_production(
    models: Sequence[str],
    choice: Choice,
    site: Site,
    every: float,
    lease: float,
    hook: Hook | None,
    canary: Watch | None = None,
) -> None:
    """Release whatever comes into Production, until SIGTERM or SIGINT.

    Raises:
        SettingsError: The webhook's secret or its port cannot be had.
    """
    for name, value in IMPATIENT.items():
        os.environ.setdefault(name, value)
    secret = read_secret(hook.secret) if hook else b""
    board = Board(models)
    sites = {
        model: replace(site_of(site, index), report=partial(board.say, model))
        for index, model in enumerate(models)
    }
    aides = aides_for(replace(site, report=partial(board.say, "")))
    aides = replace(aides, lease_seconds=lease, canary=canary)
    place = place_of(site.workspace)

    def loops(halted: Callable[[], bool]) -> Sequence[ModelLoop]:
        made = (
            _loop(model, each, choice, aides, place, board, every, halted) for model, each in sites.items()
        )
        return tuple(made)

    daemon = Daemon(loops, aides.log, place, board, lease)
    webhook = Webhook(secret, daemon.hint, hook.port, hook.host) if hook else None
    with _ended_by_signals(daemon):
        daemon.run()
    if webhook:
        webhook.close()
    board.close()
    aides.alerts.wait()


def _loop(
    model: str,
    site: Site,
    choice: Choice,
    aides: Aides,
    place: str,
    board: Board,
    every: float,
    halted: Callable[[], bool],
) -> ModelLoop:
    log: EventLog = aides.log
    mine = replace(
        aides_for(site, log),
        alerts=aides.alerts,
        lease_seconds=aides.lease_seconds,
        stopping=halted,
        told=board.event,
        canary=aides.canary,
    )

    def connect() -> Target:
        target, reason = choose_target(choice, site)
        site.report(f"*** {reason} ***")
        return target

    def release(target: Target) -> Release:
        return reconcile_at(model, target, site, mine)

    return ModelLoop(
        model, Registry(), connect, log, place, PRODUCTION, release, board, Patience(every), halted
    )


@contextmanager
def _ended_by_signals(daemon: Daemon) -> Iterator[None]:
    """End the daemon between two steps; a second signal ends it at once, which the next run puts up with."""
    wanted = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in wanted}

    def end(number: int, frame: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, signal.SIG_DFL)
        daemon.end()

    for number in wanted:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
