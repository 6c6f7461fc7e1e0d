"""The service as it runs: gunicorn with the project's own settings, over a package on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from days_to_sell.scoring.sketch import ROWS
from serving.telemetry.counters import HEADER
from tests.packages import CAR, days_by_formula, make_package, rewrite
from tests.service import COMMAND, ROOT, SECONDS, environment, free_port, serving, wait_until


def test_it_serves_and_stops_when_told(tmp_path: Path) -> None:
    """Gunicorn becomes ready, answers by the package, logs no payload, and SIGTERM ends it cleanly."""
    make_package(tmp_path / "package")
    with serving(tmp_path, DAYS_TO_SELL_MODEL_VERSION="7", DAYS_TO_SELL_ENVIRONMENT="preprod") as service:
        status, body = service.ask(
            "POST", "/invocations", {"instances": [CAR]}, **{"X-Request-ID": "order-17"}
        )
        assert (status, json.loads(body)) == (200, {"predictions": [pytest.approx(days_by_formula(CAR))]})
        version = json.loads(service.ask("GET", "/version")[1])
        assert (version["version"], version["environment"]) == ("7", "preprod")

        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(timeout=SECONDS) == 0
        with pytest.raises(ConnectionRefusedError):
            service.ask("GET", "/livez")
    log = service.log.read_text()
    (line,) = [line for line in log.splitlines() if "order-17" in line]
    told = json.loads(line)
    assert (told["method"], told["path"], told["status"], told["rows"]) == ("POST", "/invocations", 200, 1)
    assert "price_gbp" not in log


def test_metrics_are_those_of_all_workers_and_never_go_back(tmp_path: Path) -> None:
    """Whoever answers /metrics tells the rows of both workers, of a killed one too."""
    make_package(tmp_path / "package")
    folder = tmp_path / "counters"
    folder.mkdir()
    sent = 0

    def counted() -> dict[str, float]:
        text = service.ask("GET", "/metrics")[1].decode()
        return {
            sample.name
            + "".join(sample.labels.get(name, "") for name in ("feature", "bin", "le")): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def both_have_counted() -> bool:
        nonlocal sent
        assert service.ask("POST", "/invocations", {"instances": [CAR, CAR]})[0] == 200
        sent += 2
        files = [memoryview(path.read_bytes()).cast("Q") for path in folder.glob("rows-*")]
        return len(files) == 2 and all(file[HEADER + ROWS] for file in files)

    with serving(tmp_path, WEB_CONCURRENCY="2", DAYS_TO_SELL_COUNTERS=str(folder)) as service:
        wait_until(both_have_counted, "both workers have answered rows")
        for _ in range(4):
            found = counted()
            assert found["days_to_sell_rows_total"] == sent
            assert found["days_to_sell_prediction_days_bucket+Inf"] == sent
            bins = [v for name, v in found.items() if name.startswith("days_to_sell_input_totalmileage")]
            assert sorted(bins)[-2:] == [0, sent]
        os.kill(service.workers()[0], signal.SIGKILL)
        wait_until(lambda: len(service.workers()) == 3, "a third worker")
        assert counted()["days_to_sell_rows_total"] == sent
        wait_until(both_have_counted, "both workers answer again")
        assert counted()["days_to_sell_rows_total"] == sent
        assert all(len(list(folder.glob(f"{what}-*"))) == 2 for what in ("rows", "requests"))


def test_the_folder_of_counters_goes_with_the_service(tmp_path: Path) -> None:
    """Made where workers keep their heartbeats, and nothing of it stays behind."""
    # A package like no other test's, so that its counters are known by its digest.
    digest = make_package(tmp_path / "package", intercept=12.0625).digest.removeprefix("sha256:")
    with serving(tmp_path, TMPDIR=str(tmp_path)) as service:
        assert service.ask("POST", "/invocations", {"instances": [CAR]})[0] == 200
        assert b"days_to_sell_rows_total 1.0" in service.ask("GET", "/metrics")[1]
        places = (Path("/dev/shm"), tmp_path)
        (file,) = (f for p in places for f in p.glob(f"days-to-sell-counters-*/rows-{digest[:16]}-*"))
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=SECONDS) == 0
        assert not file.parent.exists()


def test_what_a_killed_service_left_in_memory_goes_when_the_next_one_starts(tmp_path: Path) -> None:
    """The folder of counters of a master that got no chance to remove it; not that of one which serves."""
    digest = make_package(tmp_path / "package", intercept=12.03125).digest.removeprefix("sha256:")
    places = (Path("/dev/shm"), tmp_path)

    def folders() -> set[Path]:
        pattern = f"days-to-sell-counters-*/rows-{digest[:16]}-*"
        return {found.parent for place in places for found in place.glob(pattern)}

    with serving(tmp_path, TMPDIR=str(tmp_path)) as killed:
        assert killed.ask("POST", "/invocations", {"instances": [CAR]})[0] == 200
        (left,) = folders()
        os.killpg(killed.process.pid, signal.SIGKILL)
        killed.process.wait(timeout=SECONDS)
        assert left.exists()
        with serving(tmp_path, TMPDIR=str(tmp_path)) as first:
            assert first.ask("POST", "/invocations", {"instances": [CAR]})[0] == 200
            (own,) = folders()
            assert own != left
            with serving(tmp_path, TMPDIR=str(tmp_path)) as second:
                assert second.ask("POST", "/invocations", {"instances": [CAR]})[0] == 200
                assert own in folders()


def test_the_image_s_health_check_tells_ready_from_not(tmp_path: Path) -> None:
    """The health check ends with 0 exactly while the service is ready."""
    make_package(tmp_path / "package")

    def check(port: int) -> int:
        command = [sys.executable, "-m", "serving.healthcheck"]
        variables = environment(tmp_path / "package", tmp_path, PORT=str(port))
        return subprocess.run(
            command, cwd=ROOT, env=variables, check=False, timeout=SECONDS, stdout=subprocess.DEVNULL
        ).returncode

    with serving(tmp_path) as service:
        assert check(service.port) == 0
    assert check(service.port) == 1


@pytest.mark.parametrize(
    ("damage", "variables", "says"),
    [
        ("none", {"DAYS_TO_SELL_PACKAGE": ""}, "DAYS_TO_SELL_PACKAGE is not set"),
        ("absent", {}, "is no model package"),
        ("bitten", {}, "fetch the package again"),
        ("flipped", {}, "golden.jsonl"),
        ("bundle", {}, "cannot start"),
        ("none", {"DAYS_TO_SELL_MAX_ROWS": "many"}, "DAYS_TO_SELL_MAX_ROWS is 'many'"),
        ("none", {"PORT": "http"}, "PORT is 'http'"),
        ("none", {"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY is '0'"),
    ],
)
def test_a_start_that_cannot_succeed_ends_with_the_reason(
    tmp_path: Path, damage: str, variables: dict[str, str], says: str
) -> None:
    """A damaged or absent package and a wrong setting end the start with one clear message."""
    package = tmp_path / "package"
    if damage != "absent":
        make_package(package)
    if damage == "bitten":
        (package / "bundle.zip").write_bytes(b"bitten")
    if damage == "flipped":
        content = bytearray((package / "golden.jsonl").read_bytes())
        content[len(content) // 2] ^= 1
        (package / "golden.jsonl").write_bytes(content)
    if damage == "bundle":
        (package / "bundle.zip").write_bytes(b"no bundle, but the manifest says so")
        rewrite(package, "golden.jsonl", lambda text: text + "\n")
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(package, tmp_path, PORT=str(free_port())) | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
