"""The monitor over a real service: gunicorn with two workers, MLflow's own store, and one command a look."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.release.monitoring.runs import MonitorRuns
from days_to_sell.release.monitoring.watch import Watch
from days_to_sell.release.monitoring.windows import Rule
from stack.ports import free_port
from tests.packages import TRAINED_ROWS, cars, make_package
from tests.registered import register_folder
from tests.service import Service, serving
from tests.unit.cli.conftest import Call, call  # noqa: F401 - a fixture

MODEL = "tiny-model"
ROWS = 400
RULE = Rule(min_rows=ROWS)
Look = Callable[..., tuple[int, str, str]]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[MlflowClient]:
    """A store in which version 1, and version 2 of another package, are registered; 1 is in Production."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    client = MlflowClient()
    client.create_registered_model(MODEL)
    for number in (1, 2):
        home = tmp_path / f"version-{number}"
        make_package(home / MODEL_DATA_SUBPATH, intercept=10.0 + number)
        register_folder(client, MODEL, home)
    shutil.copytree(tmp_path / "version-1" / MODEL_DATA_SUBPATH, tmp_path / "package")
    Registry(client).promote(MODEL, "1")
    yield client
    mlflow.set_tracking_uri(before)


@pytest.fixture
def look(call: Call, tmp_path: Path) -> Look:  # noqa: F811 - the imported fixture
    """Look once, as a scheduler would: a new monitor every time."""

    def look(service: Service, *options: str) -> tuple[int, str, str]:
        ended = call(
            "monitor", MODEL, "--once", "--url", url_of(service), "--min-rows", ROWS,
            "--workspace", tmp_path / "monitor", *options,
        )  # fmt: skip
        return ended.code, ended.out, ended.err

    return look


def url_of(service: Service) -> str:
    """Where a service answers."""
    return f"http://127.0.0.1:{service.port}"


def send(service: Service, seed: int, price: float = 1.0) -> None:
    """Ask about cars drawn from those that the package was trained on, at another level of prices."""
    drawn = np.random.default_rng(seed).integers(0, TRAINED_ROWS, ROWS)
    trained = cars(TRAINED_ROWS)
    rows: Sequence[dict[str, Any]] = [
        trained[i] | {"price_gbp": trained[i]["price_gbp"] * price} for i in drawn
    ]
    for start in range(0, ROWS, 50):
        status, body = service.ask("POST", "/invocations", {"dataframe_records": rows[start : start + 50]})
        assert status == 200, body


@contextmanager
def listener() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real server that notes what is posted to it."""
    noted: list[dict[str, Any]] = []

    class Note(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            noted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Note) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/alarms", noted
        server.shutdown()


def test_a_shift_raises_one_alarm_and_one_retraining(
    client: MlflowClient, look: Look, tmp_path: Path
) -> None:
    """Two quiet windows, then dearer cars: after the third such window the alarm, once; then it stands.

    Every look is a monitor of its own, so the history is that of the state file. The service is started anew
    in between, and the monitor that first sees the alarm ends before it does anything about it.
    """
    registry = Registry(client)
    retrained = tmp_path / "retrained"
    program = (
        f"from pathlib import Path; p = Path({str(retrained)!r}); p.write_text(p.name + '.' * p.exists())"
    )
    with listener() as (address, noted):
        options = (
            "--webhook", address,
            "--retrain", "--retrain-command", shlex.join([sys.executable, "-c", program]),
        )  # fmt: skip
        with serving(tmp_path, WEB_CONCURRENCY="2") as service:
            assert look(service, *options)[:2] == (
                0,
                "fewer than 400 rows since the last window; it stays open\n",
            )
            for window in (1, 2):
                send(service, seed=window)
                code, out, _ = look(service, *options)
                assert (code, out) == (0, f"window {window}: 400 rows, drifted: nothing\n")
            send(service, seed=3, price=1.3)
            code, out, _ = look(service, *options)
            assert code == 0
            assert out.startswith("window 3: 400 rows, drifted: ")
            assert "price_to_valuation (PSI " in out
        with serving(tmp_path, WEB_CONCURRENCY="2", PORT=str(service.port)) as service:
            send(service, seed=4, price=1.3)
            code, out, _ = look(service, *options)
            assert out.startswith("a service was started anew since the last window")
            assert "window 4: 400 rows" in out
            assert (code, noted, retrained.exists()) == (0, [], False)
            send(service, seed=5, price=1.3)
            killed = Watch(
                registry, MonitorRuns(client), MODEL, RULE, tmp_path / "monitor", (url_of(service),)
            )
            seen = killed.look(registry.version(MODEL, "1"))
            assert seen.alarm is not None
            assert (seen.alarm.window, noted) == (5, [])
            send(service, seed=6, price=1.3)
            code, out, _ = look(service, *options)
            assert code == 3
            assert "ALARM: price_gbp, price_to_valuation, days drifted in 3 of 5 windows" in out
            send(service, seed=7, price=1.3)
            code, out, _ = look(service, *options)
            assert code == 3
            assert "the alarm stands: price_gbp, price_to_valuation, days" in out
    tags = client.get_model_version(MODEL, "1").tags
    run = client.get_run(tags["monitor.run_id"])
    (alarm,) = noted
    assert alarm["columns"] == ["price_gbp", "price_to_valuation", "days"]
    assert (alarm["model"], alarm["version"], alarm["window"]) == (MODEL, "1", 6)
    assert alarm["run_id"] == run.info.run_id
    assert retrained.read_text() == "retrained"
    assert run.info.run_name == "monitor tiny-model v1"
    assert run.data.tags["version"] == "1"
    steps = client.get_metric_history(run.info.run_id, "psi/price_to_valuation")
    assert [each.step for each in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert max(each.value for each in steps[:2]) < 0.1 < 0.2 < min(each.value for each in steps[2:])
    assert client.get_metric_history(run.info.run_id, "ks/days")[0].value < 0.1


def test_what_cannot_be_watched_is_said(client: MlflowClient, look: Look, tmp_path: Path) -> None:
    """Nobody there, another version in the registry, and no address at all: each names what to do."""
    silent = Service(process=None, port=free_port(), log=tmp_path / "log")  # type: ignore[arg-type]
    code, _, err = look(silent)
    assert code == 1
    assert "/metrics does not answer" in err
    assert "--url" in err
    with serving(tmp_path) as service:
        Registry(client).promote(MODEL, "2")
        code, _, err = look(service)
        assert code == 1
        assert "but version 2 of tiny-model has package sha256:" in err
        assert "days-to-sell release tiny-model" in err
        assert look(service, "--version", "1")[0] == 0
