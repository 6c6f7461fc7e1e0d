"""The process target with real gunicorn processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bench.steady import steady
from bench.swaps import questions
from days_to_sell.errors import ProofError, TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.outcome import Release
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.project import project_root
from days_to_sell.release.reconcile import reconcile
from days_to_sell.release.service import answering
from days_to_sell.release.site import Site
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.settings import Engine, Settings
from stack.ports import free_port
from tests.packages import CAR, days_by_formula, make_package, rewrite, rewrite_bundle
from tests.unit.release.fakes import ShelfRegistry

MODEL = "tiny-model"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A workspace of its own, with two free ports."""
    addresses = Addresses(ports={"production": free_port(), "preprod": free_port()})
    settings = Settings(cache_dir=Settings.from_env().cache_dir)
    return Site(settings, project_root(), tmp_path / "work", addresses, print)


@pytest.fixture
def target(site: Site) -> Iterator[ProcessTarget]:
    """A target whose processes end with the test."""
    target = ProcessTarget(site)
    yield target
    target.stop()


def deploy(target: ProcessTarget, folder: Path, version: str, intercept: float = 12.0) -> float:
    """Put a version into production and confirm it; return its answer about the one car."""
    artifact = target.prepare(make_package(folder, intercept=intercept), version)
    deployment = target.deploy(artifact, "production")
    target.confirm(deployment)
    return answer(deployment.url)


def answer(url: str) -> float:
    """Ask a service about the one car."""
    reply = requests.post(f"{url}/invocations", json={"dataframe_records": [CAR]}, timeout=10)
    return float(reply.json()["predictions"][0])


def test_a_promoted_version_is_released_once_and_a_corrupted_one_never(
    target: ProcessTarget, site: Site, tmp_path: Path
) -> None:
    """The whole step over real services: release, nothing to do, refusal with the old version serving on."""
    registry = ShelfRegistry()
    registry.add(MODEL, "1", make_package(tmp_path / "1"))

    def step() -> Release:
        return reconcile(registry, MODEL, target, workspace=site.workspace, report=print)

    released = step()
    assert (released.changed, released.target, released.image) == (True, "process", None)
    assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)
    before = target.started()
    assert len(before) == 2

    assert not step().changed

    second = make_package(tmp_path / "2", intercept=20.0)
    rewrite(second.root, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1))
    registry.add(MODEL, "2", second)
    with pytest.raises(ProofError):
        step()
    assert target.started() == before
    assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)
    assert registry.tags[MODEL, "2"]["release.status"] == "refused"


def test_a_version_is_released_again_with_the_engine_that_is_asked_for(
    target: ProcessTarget, site: Site, tmp_path: Path, mleap: JvmRuntime
) -> None:
    """On a JVM in every worker it gives the same answer; asked for Python, it is released once more."""
    registry = ShelfRegistry()
    registry.add(MODEL, "1", make_package(tmp_path / "1"))

    def step(engine: Engine) -> Release:
        return reconcile(
            registry,
            MODEL,
            target,
            workspace=site.workspace,
            report=print,
            environments=("production",),
            engine=engine,
            runtime=lambda: mleap,
        )

    steps: tuple[tuple[Engine, bool, str], ...] = (
        ("jvm", True, "jvm"),
        ("auto", False, "jvm"),
        ("python", True, "python"),
    )
    for engine, changed, serves_with in steps:
        released = step(engine)
        assert (released.changed, released.engine) == (changed, serves_with)
        assert requests.get(f"{released.url}/version", timeout=10).json()["engine"] == serves_with
        assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)


def test_a_restored_deployment_answers_as_before(target: ProcessTarget, tmp_path: Path) -> None:
    """A candidate that does not prove itself leaves no trace; what stepped aside serves again."""
    first = deploy(target, tmp_path / "1", "1")
    candidate = target.deploy(target.prepare(make_package(tmp_path / "2", intercept=20.0), "2"), "production")
    assert answer(candidate.url) == pytest.approx(days_by_formula(CAR, intercept=20.0), rel=1e-12)
    restored = target.restore(candidate)
    assert restored == target.current("production")
    assert restored is not None
    assert restored.version == "1"
    assert answer(restored.url) == first


def test_a_candidate_that_cannot_start_tells_its_log_and_the_old_one_serves_on(
    target: ProcessTarget, tmp_path: Path
) -> None:
    """The error holds what the service itself said."""
    first = deploy(target, tmp_path / "1", "1")
    broken = make_package(tmp_path / "2")
    package = rewrite_bundle(broken.root, lambda text: text.replace("linear_regression", "crystal_ball"))
    with pytest.raises(TargetError, match=r"(?s)ended before it was ready.*log ends with:.*crystal_ball"):
        target.deploy(target.prepare(package, "2"), "production")
    current = target.current("production")
    assert current is not None
    assert current.version == "1"
    assert answer(current.url) == first


def test_what_an_interrupted_release_left_is_replaced_and_never_taken_for_proven(
    target: ProcessTarget, tmp_path: Path
) -> None:
    """Killed between deploy and proof, the candidate goes; a later failure brings the proven version back."""
    first = deploy(target, tmp_path / "1", "1")
    target.deploy(target.prepare(make_package(tmp_path / "2", intercept=20.0), "2"), "production")
    third = target.deploy(target.prepare(make_package(tmp_path / "3", intercept=30.0), "3"), "production")
    restored = target.restore(third)
    assert restored is not None
    assert (restored.version, answer(restored.url)) == ("1", first)


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("ProcessTarget._switch", id="in-the-rehearsal"),
        pytest.param("Gunicorns._wait_for_work", id="before-the-successor-works"),
        pytest.param("Gunicorns.halt", id="before-the-old-one-is-told-to-end"),
    ],
)
def test_a_switch_that_is_killed_half_way_loses_no_request_and_is_settled_by_the_next(
    target: ProcessTarget, site: Site, tmp_path: Path, where: str
) -> None:
    """Killed with -9 at the worst moments: the port is always answered, and a later release succeeds."""
    packages = [make_package(tmp_path / number, intercept=10.0 * int(number)) for number in ("1", "2")]
    first, second = (target.prepare(package, str(number)) for number, package in enumerate(packages, 1))
    served = target.deploy(first, "production")
    target.confirm(served)
    code = f"""
        import os, signal
        from pathlib import Path
        from days_to_sell.release.addresses import Addresses
        from days_to_sell.release.process.gunicorns import Gunicorns
        from days_to_sell.release.process.target import ProcessTarget
        from days_to_sell.release.site import Site
        from days_to_sell.scoring.package import open_package
        from days_to_sell.settings import Settings
        addresses = Addresses(ports={dict(site.addresses.ports)!r})
        site = Site(Settings(), Path({str(site.project)!r}), Path({str(site.workspace)!r}), addresses, print)
        target = ProcessTarget(site)
        artifact = target.prepare(open_package(Path({str(packages[1].root)!r})), "2")
        halted = Gunicorns.halt
        def die(self, *rest, **more):
            # What is ended before is the rehearsal.
            if {where!r} == "Gunicorns.halt" and rest[0].part == "rehearsal":
                return halted(self, *rest, **more)
            os.kill(os.getpid(), signal.SIGKILL)
        {where} = die
        target.deploy(artifact, "production")
    """
    with steady(served.port, questions(packages), 50) as tally:
        killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=120)
        assert killed.returncode == -signal.SIGKILL
        again = target.deploy(second, "production")
        target.confirm(again)
        assert target.current("production") == again
    assert not tally.failures
    assert set(tally.by_model) == {f"{MODEL}/1", f"{MODEL}/2"}
    assert target.started() == (again,)
    assert [path.name for path in (site.workspace / "process").glob("*.json")] == [f"{MODEL}-production.json"]
    target.stop()
    assert answering(again.url) is None


def test_a_service_outlives_the_program_that_started_it_and_is_found_by_the_next(
    target: ProcessTarget, site: Site, tmp_path: Path
) -> None:
    """`make demo` ends and the service stays; `make stop`, another program, ends it."""
    package = make_package(tmp_path / "1")
    code = f"""
        from pathlib import Path
        from days_to_sell.release.addresses import Addresses
        from days_to_sell.release.process.target import ProcessTarget
        from days_to_sell.release.site import Site
        from days_to_sell.scoring.package import open_package
        from days_to_sell.settings import Settings
        addresses = Addresses(ports={dict(site.addresses.ports)!r})
        site = Site(Settings(), Path({str(site.project)!r}), Path({str(site.workspace)!r}), addresses, print)
        target = ProcessTarget(site)
        artifact = target.prepare(open_package(Path({str(package.root)!r})), "1")
        target.confirm(target.deploy(artifact, "production"))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)
    (found,) = target.started()
    assert found == target.current("production")
    assert target.stop() == (found,)
    assert answering(found.url) is None
    assert target.started() == ()


def test_a_process_that_took_over_a_recorded_number_is_left_alone(
    target: ProcessTarget, site: Site, tmp_path: Path
) -> None:
    """After a reboot a number in a state file may be anybody's."""
    deploy(target, tmp_path / "1", "1")
    state = site.workspace / "process" / f"{MODEL}-production.json"
    record = json.loads(state.read_text(encoding="utf-8"))
    target.stop()
    state.write_text(json.dumps(record | {"pid": os.getpid()}), encoding="utf-8")
    assert target.started() == ()
    assert target.stop() == ()
    assert not state.exists()


def test_another_model_from_here_is_not_pushed_off_its_port(target: ProcessTarget, tmp_path: Path) -> None:
    """The message names the model that holds the port and how to end it."""
    deploy(target, tmp_path / "1", "1")
    other = target.prepare(make_package(tmp_path / "other", model="dealer-stock"), "1")
    with pytest.raises(TargetError, match=r"by tiny-model version 1 \(production\).*`make stop`"):
        target.deploy(other, "production")


def test_credentials_of_the_caller_do_not_reach_the_service(
    target: ProcessTarget, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service gets its own settings and what a program needs to run, nothing else."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-the-service")
    deploy(target, tmp_path / "1", "1")
    state = site.workspace / "process" / f"{MODEL}-production.json"
    environ = Path(f"/proc/{json.loads(state.read_text(encoding='utf-8'))['pid']}/environ")
    if not environ.exists():
        pytest.skip("needs /proc to see another process's environment")
    names = {entry.partition(b"=")[0].decode() for entry in environ.read_bytes().split(b"\0") if entry}
    assert {"DAYS_TO_SELL_PACKAGE", "DAYS_TO_SELL_MODEL_VERSION", "PORT"} <= names
    assert "AWS_SECRET_ACCESS_KEY" not in names
