"""Versions swapped under a constant load, at both targets."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from bench.swaps import RATE, findings, measure

pytestmark = pytest.mark.parts
SWAPS = 5


def test_no_request_is_lost_while_processes_follow_each_other(tmp_path: Path) -> None:
    """Every reply is the right one of the version that it names."""
    hold(tmp_path, "process")


def test_no_request_is_lost_while_replicas_are_swapped(engine: docker.DockerClient, tmp_path: Path) -> None:
    """Every reply is the right one of the version that it names."""
    assert engine.ping()
    hold(tmp_path, "docker")


def hold(folder: Path, target: str) -> None:
    """Swap a few times and look at what came back."""
    found = findings(measure((target,), folder, SWAPS, RATE, print))
    figures = found.figures[target]
    assert found.missed == []
    assert (figures["swaps"], figures["failed"]) == (SWAPS, 0)
    assert sum(figures["answered_by"].values()) == figures["requests"] > RATE
    assert found.lines[-1] == f"swaps: {SWAPS} swaps, {figures['requests']} requests, 0 failed"
