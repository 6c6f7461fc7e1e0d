"""Twenty promotions while everything that releases them is killed: the short form of ``make chaos``."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from chaos.__main__ import run
from chaos.places import TargetName
from chaos.plan import make_plan

pytestmark = [pytest.mark.parts, pytest.mark.timeout(400)]
PROMOTIONS, SEED = 20, 11


def test_nothing_is_lost_or_doubled_while_server_daemon_and_gunicorn_are_killed(tmp_path: Path) -> None:
    """What was acknowledged is in the log, and what is current is served, whatever was killed when."""
    hold(tmp_path, "process")


def test_nothing_is_lost_or_doubled_while_builds_and_containers_are_killed(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    """The same with images, each of which was built once, and containers, of which none is left."""
    hold(tmp_path, "docker")
    mine = {"label": f"io.github.days-to-sell.folder={tmp_path / 'chaos' / 'place'}"}
    assert engine.containers.list(all=True, filters=mine) == []


def hold(folder: Path, target: TargetName) -> None:
    """Carry the short plan out, and look at what the judge says."""
    said: list[str] = []
    played, verdict = run(make_plan(SEED, PROMOTIONS), target, folder / "chaos", said.append)
    assert verdict.good, "\n".join((*said, verdict.line(PROMOTIONS, len(played.kills))))
    assert played.quiet
    assert len(played.asks) == PROMOTIONS
    assert played.kills
