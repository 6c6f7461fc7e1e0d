"""A real Airflow trains a small model on a real lake: what goes well, and what does not.

The runs are made once, one after the other, and the tests look at what became of them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.models import model_names
from days_to_sell.registry.versions import Registry
from stack.airflow import find_airflow
from tests.integration.airflow_world import DAG, ROOT, World, make_world

pytestmark = [pytest.mark.parts, pytest.mark.timeout(3000)]
MAY, JUNE = date(2025, 5, 31), date(2025, 6, 30)
STEPS = ["data", "check", "fit", "convert", "register", "promote", "deploy"]
ASKED = {"promote": True, "repository": "file:///deployments"}


@dataclass
class Story:
    """What was seen while the runs went on.

    Args:
        world: Where.
        bad: State of the run on bad data, and of its tasks.
        waiting: States of the tasks while the source was missing.
        good: State of the run that waited, was killed and went on, and of its tasks.
        again: The same after the whole run was cleared and ran once more.
        versions: Registered versions after the first and the second time.
    """

    world: World
    bad: tuple[str, dict[str, str]] = ("", {})
    waiting: dict[str, str] = field(default_factory=dict)
    good: tuple[str, dict[str, str]] = ("", {})
    again: tuple[str, dict[str, str]] = ("", {})
    versions: list[list[str]] = field(default_factory=list)

    def count_versions(self) -> None:
        """Note which versions there are."""
        found = self.world.client.search_model_versions(f"name = '{DAG}'")
        self.versions.append([str(each.version) for each in found])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Bad data in May; in June a source that is late, a killed task, and the same date twice."""
    with make_world(tmp_path_factory.mktemp("airflow")) as world:
        told, airflow = Story(world), world.airflow
        world.write_lake(MAY, spoilt=True)
        airflow.trigger(DAG, str(MAY), ASKED, "may")
        told.bad = world.ended("may")

        airflow.trigger(DAG, str(JUNE), ASKED, "june")
        world.until("waiting", lambda: airflow.states(DAG, "june")["wait_for_flats"] == "deferred")
        world.until("the alert", lambda: bool(world.heard("late", "june")))
        told.waiting = airflow.states(DAG, "june")
        world.write_lake(JUNE)
        world.until("fitting", lambda: "split " in airflow.log_of(DAG, "june", "fit"))
        world.kill_task("june", "fit")
        told.good = world.ended("june")
        told.count_versions()

        airflow.ask("POST", f"/dags/{DAG}/dagRuns/june/clear", {"dry_run": False})
        world.until("the second time", lambda: airflow.run_state(DAG, "june") != "success")
        told.again = world.ended("june")
        told.count_versions()
        yield told


def test_a_missing_source_is_waited_for_without_a_worker(story: Story) -> None:
    """The sensor is deferred to the triggerer, nothing else has begun, and that it is late is told."""
    assert story.waiting.pop("wait_for_flats") == "deferred"
    assert set(story.waiting.values()) == {"None"}
    (late,) = story.world.heard("late", "june")
    assert (late["model"], late["dag"], late["snapshot"]) == (DAG, DAG, str(JUNE))


def test_what_arrives_is_trained_on_promoted_and_deployed(story: Story) -> None:
    """Every task succeeds, the version is in Production with green gates, and the deployment is asked for."""
    state, tasks = story.good
    assert state == "success"
    assert tasks == dict.fromkeys(["wait_for_flats", *STEPS], "success")
    registry = Registry(story.world.client)
    production = registry.production(DAG)
    assert production is not None
    assert production.tags["gates.status"] == "green"
    asked = (story.world.home / "deployed").read_text(encoding="utf-8").splitlines()[0]
    assert asked == f"deployment commit {DAG} --repository file:///deployments"


def test_bad_data_halts_before_training_and_alerts(story: Story) -> None:
    """The check fails and is not tried again, nothing is fitted, and the alert says what is bad."""
    state, tasks = story.bad
    assert state == "failed"
    assert (tasks["data"], tasks["check"]) == ("success", "failed")
    assert {tasks[step] for step in STEPS[2:]} == {"upstream_failed"}
    assert story.world.airflow.log_of(DAG, "may", "check", 2) == ""
    assert story.world.steps("fit", str(MAY)) == []
    (alert,) = story.world.heard("failed", "may")
    assert (alert["model"], alert["task"], alert["snapshot"]) == (DAG, "check", str(MAY))
    assert "rent_gbp is above zero: 1 of 3000 failed, such as flat-0" in alert["reason"].replace(
        ",000", "000"
    )


def test_a_killed_task_is_tried_again_and_done_once(story: Story) -> None:
    """The run of the first try is never taken for done, and the second try is not told of."""
    assert "$ mlflow run" in story.world.airflow.log_of(DAG, "june", "fit", 2)
    assert story.world.heard("failed", "june") == []
    first, *others = story.world.steps("fit", str(JUNE))
    assert "flow.done" not in first
    assert [tags.get("flow.done", "no") for tags in others] == ["yes", "no"]


def test_the_same_date_twice_makes_no_second_version(story: Story) -> None:
    """Every step finds its work done, and says by which run."""
    assert story.again[0] == "success"
    assert story.versions == [["1"], ["1"]]
    for step in ("fit", "convert", "register"):
        assert story.world.steps(step, str(JUNE))[-1]["flow.found"]


def test_no_command_or_log_holds_a_secret(story: Story) -> None:
    """Airflow's own secrets do not reach what it runs, and what it runs is in its logs."""
    log = story.world.airflow.log_of(DAG, "june", "data")
    assert "$ mlflow run" in log
    assert "--entry-point data" in log
    assert story.world.airflow.variables["DAYS_TO_SELL_ALERT_URL"] not in log


DESCRIBES = """
import json, sys
from datetime import UTC, datetime
from airflow.sdk import DAG
from airflow.timetables.base import TimeRestriction
from mlflow_project.dags import days_to_sell_dags
found = {}
for dag in vars(days_to_sell_dags).values():
    if isinstance(dag, DAG):
        ticks = TimeRestriction(datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 4, 15, tzinfo=UTC), True)
        days, last = [], None
        while tick := dag.timetable.next_dagrun_info(last_automated_data_interval=last, restriction=ticks):
            days.append(tick.logical_date.date().isoformat())
            last = tick.data_interval
        found[dag.dag_id] = {
            "tasks": {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
            "retries": {task.task_id: task.retries for task in dag.tasks},
            "limited": all(task.execution_timeout and task.on_failure_callback for task in dag.tasks),
            "backoff": all(task.retry_exponential_backoff for task in dag.tasks),
            "alone": dag.max_active_runs, "catchup": dag.catchup, "late": dag.deadline is not None,
            "days": days,
        }
heavy = sorted({"pyspark", "mlflow", "pandas", "numpy"} & set(sys.modules))
print("FOUND " + json.dumps({"dags": found, "heavy": heavy}))
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The DAGs of the project as Airflow's own environment builds them."""
    installed = find_airflow()
    if installed is None:
        pytest.skip("needs Airflow in an environment of its own: make airflow")
    home = tmp_path_factory.mktemp("described")
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    done = subprocess.run(
        [str(installed / "bin" / "python"), "-c", DESCRIBES],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "AIRFLOW_HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    found: Mapping[str, Any] = json.loads(line.removeprefix("FOUND "))
    return found


def test_there_is_one_dag_for_each_model_folder(described: Mapping[str, Any]) -> None:
    """Built without any of the toolkit's heavy packages."""
    assert sorted(described["dags"]) == sorted(name.replace("_", "-") for name in model_names())
    assert described["heavy"] == []


def test_every_source_is_waited_for_and_steps_follow_in_order(described: Mapping[str, Any]) -> None:
    """Each sensor stands before the data, and each step before the next."""
    tasks = described["dags"]["days-to-sell"]["tasks"]
    sensors = [f"wait_for_{source}" for source in ("adverts", "geography", "taxonomy", "valuations")]
    assert tasks == {
        **{sensor: [] for sensor in sensors},
        "data": sensors,
        **{step: [before] for before, step in pairwise(STEPS)},
    }


def test_tasks_are_retried_limited_and_told_of(described: Mapping[str, Any]) -> None:
    """Tasks try again with growing pauses, and one run of a DAG goes on at a time."""
    for dag in described["dags"].values():
        assert set(dag["retries"].values()) == {2}
        assert dag["limited"]
        assert dag["backoff"]
        assert (dag["alone"], dag["catchup"], dag["late"]) == (1, False, True)


def test_a_backfill_goes_by_the_days_of_snapshots(described: Mapping[str, Any]) -> None:
    """The logical date is the day of the snapshot: the last of each month."""
    assert described["dags"]["days-to-sell"]["days"] == ["2025-01-31", "2025-02-28", "2025-03-31"]


def test_the_environment_holds_none_of_the_toolkit(tmp_path: Path) -> None:
    """Airflow's environment could not import Spark, MLflow or pandas if a DAG wanted to."""
    installed = find_airflow()
    if installed is None:
        pytest.skip("needs Airflow in an environment of its own: make airflow")
    asks = "import importlib.util as u; print([n for n in ('pyspark', 'mlflow', 'pandas') if u.find_spec(n)])"
    done = subprocess.run(
        [str(installed / "bin" / "python"), "-c", asks],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
