"""``days-to-sell databricks push`` against a workspace on this machine that takes what the API takes."""

from __future__ import annotations

import copy
import json
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import pytest

from days_to_sell.cli.databricks import workspace as connection
from days_to_sell.cli.databricks.files import read_notebooks
from days_to_sell.cli.databricks.job import NO_SCHEDULE, TAG, Schedule
from days_to_sell.cli.databricks.task import retrain
from days_to_sell.cli.databricks.workspace import WAITS
from days_to_sell.errors import NotebookError, SettingsError, WorkspaceError
from stack.ports import free_port
from tests.databricks_pushes import FOLDER, SOURCE, Session, make_push, ours
from tests.databricks_workspace import DatabricksWorkspace, Trouble, serving
from tests.unit.cli.conftest import Call

ROOT = Path(__file__).parents[3]
NIGHTLY = Schedule("0 0 4 * * ?", "Europe/London")
PLACES = ("--lake", "/Volumes/main/cars/lake", "--training-data", "/Volumes/main/cars/training")


@pytest.fixture
def there() -> Iterator[DatabricksWorkspace]:
    """A workspace with five jobs of other people, more than it puts on a page."""
    if find_spec("databricks_cli") is None:
        pytest.skip("needs databricks-cli; `pip install -r requirements/dev.txt` brings it")
    workspace = DatabricksWorkspace()
    workspace.jobs = {number: {"name": f"report {number}", "tasks": []} for number in range(601, 606)}
    with serving(workspace):
        yield workspace


def test_a_push_makes_everything_and_sends_what_the_api_takes(there: DatabricksWorkspace) -> None:
    """The folder was absent. No request is refused, and there is a line for each thing that was done."""
    session = Session(there)
    number = session.push(make_push(schedule=NIGHTLY, emails=["team@example.com"], webhooks=["0481-e838"]))

    assert there.refused == []
    assert {FOLDER, f"{FOLDER}/notebooks", f"{FOLDER}/libraries/ab12"} <= there.folders
    assert there.notebooks == {f"{FOLDER}/notebooks/1-explore": SOURCE}
    assert sorted(there.files) == [
        f"{FOLDER}/libraries/ab12/{name}" for name in ("requirements.txt", "toolkit.whl")
    ]
    job = there.jobs[number]
    (task,) = job["tasks"]
    assert task["python_wheel_task"]["parameters"][-1] == "s3a://lake/cars"
    assert {"whl": f"/Workspace{FOLDER}/libraries/ab12/toolkit.whl"} in task["libraries"]
    assert {"requirements": f"/Workspace{FOLDER}/libraries/ab12/requirements.txt"} in task["libraries"]
    assert task["new_cluster"]["spark_env_vars"]["MLFLOW_TRACKING_URI"] == "databricks"
    assert (job["max_concurrent_runs"], task["max_retries"], task["timeout_seconds"]) == (1, 1, 4 * 3600)
    assert job["schedule"]["quartz_cron_expression"] == NIGHTLY.cron
    assert job["email_notifications"] == {"on_failure": ["team@example.com"]}
    assert job["webhook_notifications"] == {"on_failure": [{"id": "0481-e838"}]}
    assert [line.split(" ")[0] for line in session.lines] == [
        "make",
        "make",
        "import",
        "put",
        "put",
        "created",
    ]
    assert session.lines[-1] == f"created job {number}: {there.url}/jobs/{number}"


def test_a_second_push_updates_and_never_doubles(there: DatabricksWorkspace) -> None:
    """The job is found behind other people's pages of jobs, and a changed notebook replaces the former."""
    Session(there).push(make_push())
    again = Session(there)
    again.push(make_push(SOURCE + b"print(2)\n", hours=9))

    assert len(ours(there)) == 1
    assert there.jobs[ours(there)[0]]["tasks"][0]["timeout_seconds"] == 9 * 3600
    assert there.notebooks[f"{FOLDER}/notebooks/1-explore"].endswith(b"print(2)\n")
    assert again.lines[-1].startswith("updated job")
    assert there.refused == []


def test_what_people_set_and_the_push_does_not_name_stays(there: DatabricksWorkspace) -> None:
    """Somebody renamed the job, paused it, tagged it and added an address: none of it is undone."""
    number = Session(there).push(make_push(schedule=NIGHTLY, emails=["a@example.com"]))
    there.jobs[number]["name"] = "Cars, nightly"
    there.jobs[number]["schedule"]["pause_status"] = "PAUSED"
    there.jobs[number]["tags"]["cost-centre"] = "12"
    there.jobs[number]["email_notifications"]["on_success"] = ["b@example.com"]
    before = copy.deepcopy(there.jobs[number])

    assert Session(there).push(make_push()) == number
    for name in ("name", "schedule", "tags", "email_notifications"):
        assert there.jobs[number][name] == before[name]

    Session(there).push(make_push(name="Cars", schedule=Schedule("0 0 5 * * ?", "UTC")))
    assert there.jobs[number]["name"] == "Cars"
    assert there.jobs[number]["schedule"] == {
        "quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"
    }  # fmt: skip
    Session(there).push(make_push(schedule=NO_SCHEDULE))
    assert "schedule" not in there.jobs[number]
    assert ours(there) == [number]


def test_two_jobs_that_could_be_meant_are_both_left_alone(there: DatabricksWorkspace) -> None:
    """A copy made in the workspace has the tag too; which one is right, only people know."""
    number = Session(there).push(make_push())
    there.jobs[number + 1] = copy.deepcopy(there.jobs[number])
    before = copy.deepcopy(there.jobs)

    with pytest.raises(WorkspaceError, match=rf"jobs {number + 1}, {number} all have the tag {TAG}=retrain"):
        Session(there).push(make_push())
    assert there.jobs == before


@pytest.mark.parametrize("name", ["days-to-sell: retrain days_to_sell", "Days-to-Sell: RETRAIN days_to_sell"])
def test_somebody_elses_job_of_the_same_name_is_left_alone(there: DatabricksWorkspace, name: str) -> None:
    """It lacks the tag, so it is not ours; a second job of that name would confuse everybody."""
    there.jobs[650] = {"name": name, "tasks": []}
    before = copy.deepcopy(there.jobs)

    with pytest.raises(WorkspaceError, match=r"job 650 is called .* it is left as it is; give it the tag"):
        Session(there).push(make_push())
    assert there.jobs == before


def test_a_busy_workspace_is_asked_again_when_it_says(there: DatabricksWorkspace) -> None:
    """Retry-After counts before the own waits, and each wait is told."""
    there.troubles.extend([
        Trouble("/workspace/mkdirs", 429, (("Retry-After", "7"),)),
        Trouble("/workspace/mkdirs", 503),
        Trouble("/jobs/create", 500),
    ])  # fmt: skip
    session = Session(there)
    session.push(make_push())

    assert session.waits == [7.0, WAITS[1], WAITS[0]]
    assert sum("again in" in line for line in session.lines) == 3
    assert len(ours(there)) == 1


def test_a_workspace_that_stays_busy_is_left_after_a_while(there: DatabricksWorkspace) -> None:
    """The error says how far the push came; the same command ends it later."""
    there.troubles.extend([Trouble("/workspace/import", 429)] * (len(WAITS) + 1))
    session = Session(there)

    with pytest.raises(
        WorkspaceError, match=r"429.*no more requests(?s:.*)2 of 6 steps were done.*not touched"
    ):
        session.push(make_push())
    assert session.waits == list(WAITS)
    assert ours(there) == []
    Session(there).push(make_push())
    assert len(ours(there)) == 1


@pytest.mark.parametrize("status", [0, 503])
def test_a_lost_answer_does_not_make_a_second_job(there: DatabricksWorkspace, status: int) -> None:
    """The job was created, the connection broke before the answer: the next attempt finds it."""
    there.troubles.append(Trouble("/jobs/create", status, after=True))
    session = Session(there)
    session.push(make_push())

    assert len(ours(there)) == 1
    assert session.lines[-1].startswith("updated job")


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (
            Trouble("/workspace/mkdirs", 401),
            "answered 401 .*make a new token there, and put it into profile TESTS",
        ),
        (Trouble("/workspace/mkdirs", 403), "answered 403 .*CAN EDIT on the folder"),
        (
            Trouble("/jobs/list", 403),
            r"cannot create or update the job: (?s:.*)everything but the job is in place",
        ),
        (Trouble("/workspace/mkdirs", 404), "answered 404 .*is a workspace"),
        (Trouble("/workspace/mkdirs", 418), "answered 418"),
        (Trouble("/workspace/mkdirs", 200, body="<html>Sign in</html>"), "something other than JSON"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(
    there: DatabricksWorkspace, trouble: Trouble, says: str
) -> None:
    """Asking again would not help, so nobody waits; the token is in no message."""
    there.troubles.append(trouble)
    session = Session(there)

    with pytest.raises(WorkspaceError, match=says) as error:
        session.push(make_push())
    assert session.waits == []
    assert there.token not in str(error.value)
    assert "run the same command again" in str(error.value)
    assert ours(there) == []


def test_a_wrong_token_opens_nothing(there: DatabricksWorkspace) -> None:
    """The message names where the token came from, not the token."""
    session = Session(there, token="dapi-mistyped")

    with pytest.raises(WorkspaceError, match=r"401 .UNAUTHENTICATED.*profile TESTS") as error:
        session.push(make_push())
    assert "mistyped" not in f"{error.value}{session.lines}{session.workspace!r}"
    assert there.folders == {"/", "/Shared", "/Users"}


def test_an_address_where_nobody_is_ends_at_once(there: DatabricksWorkspace) -> None:
    """Waiting would not bring anybody."""
    session = Session(there, url=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(WorkspaceError, match="nobody answers there; look at the host in profile TESTS"):
        session.push(make_push())
    assert session.waits == []


def test_a_folder_that_is_a_notebook_is_told(there: DatabricksWorkspace) -> None:
    """The workspace's own words reach the reader."""
    there.notebooks[FOLDER] = SOURCE

    with pytest.raises(WorkspaceError, match=f"RESOURCE_ALREADY_EXISTS: {FOLDER} is no directory"):
        Session(there).push(make_push())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"max_concurent_runs": 1}, "max_concurent_runs is no field of JobSettings"),
        ({"max_concurrent_runs": "1"}, "max_concurrent_runs is '1', no int"),
        ({"schedule": {"quartz_cron_expression": "0 0 4 * * ?"}}, "schedule.timezone_id is missing"),
        (
            {"schedule": {"quartz_cron_expression": "", "timezone_id": "", "pause_status": "OFF"}},
            "none of PAUSED",
        ),
        (
            {"tasks": [{"task_key": "a", "new_cluster": {"node_type": "m5"}}]},
            r"new_cluster.node_type is no field",
        ),
        ({"tasks": [{"task_key": "a"}]}, "one of each"),
        ({"tags": {"a": 1}}, "tags.a is 1, no str"),
    ],
)
def test_the_workspace_of_the_tests_notices_what_the_api_refuses(
    there: DatabricksWorkspace, change: dict[str, Any], fault: str
) -> None:
    """A server that takes everything would prove nothing."""
    session = Session(there)

    with pytest.raises(WorkspaceError, match=fault):
        session.workspace.attempt("create a job", lambda: session.workspace._client.perform_query(
            "POST", "/jobs/create", data={"name": "a", **change}
        ))  # fmt: skip
    assert ours(there) == []


def test_the_command_pushes_the_project(
    there: DatabricksWorkspace, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the profile of a file to a wheel in the workspace that holds what the job names."""
    config = tmp_path / "databrickscfg"
    config.write_text(
        f"[DEFAULT]\nhost = https://other.example\n[cars]\nhost = {there.url}/\ntoken = {there.token}\n"
    )
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(config))
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    ended = call("databricks", "push", "--workspace-folder", FOLDER, *PLACES, "--profile", "cars")

    assert (ended.code, ended.err, there.refused) == (0, "", [])
    assert there.token not in ended.out
    assert len(there.notebooks) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    task = there.jobs[ours(there)[0]]["tasks"][0]
    installed = [each.get("whl") or each.get("requirements") for each in task["libraries"]]
    pushed = {f"/Workspace{path}": content for path, content in there.files.items()}
    assert sorted(filter(None, installed)) == sorted(pushed)
    with zipfile.ZipFile(
        BytesIO(next(content for path, content in pushed.items() if path.endswith(".whl")))
    ) as wheel:
        (points,) = [
            wheel.read(name).decode() for name in wheel.namelist() if name.endswith("entry_points.txt")
        ]
        assert "days_to_sell/training/spark/mleap_conf/application.conf" in wheel.namelist()
    assert f"{task['python_wheel_task']['entry_point']} = days_to_sell.cli.databricks.task:retrain" in points


def test_a_dry_run_asks_nobody(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs neither credentials nor databricks-cli, and shows the job as it would be sent."""
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connection, "find_spec", lambda name: None)
    monkeypatch.setattr(
        "days_to_sell.cli.databricks.files.build_libraries", lambda root: make_push().libraries
    )
    ended = call(
        "databricks", "push", "--workspace-folder", FOLDER, *PLACES, "--schedule", "0 0 4 * * ?", "--dry-run"
    )

    lines, _, settings = ended.out.partition("{")
    assert f"would import notebook {FOLDER}/notebooks/1-explore" in lines
    assert json.loads("{" + settings)["schedule"]["timezone_id"] == "UTC"
    assert ended.code == 0


def test_without_the_extra_the_error_names_it(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is there in every installation; what it speaks with is not."""
    monkeypatch.setattr(connection, "find_spec", lambda name: None)
    ended = call("databricks", "push", "--workspace-folder", FOLDER, *PLACES)

    assert ended.code == 1
    assert "days-to-sell[databricks]" in ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--lake", "build/lake", "--training-data", "/Volumes/a/b/c"), "no place that a cluster reaches"),
        (("--lake", "s3a://a/b", "--training-data", "build/training"), "no place that a cluster reaches"),
        (PLACES, "no absolute path of a workspace"),
    ],
)
def test_a_place_that_a_cluster_does_not_see_is_refused(
    call: Call, arguments: tuple[str, ...], says: str
) -> None:
    """A folder of this machine is none of the cluster's."""
    folder = "Shared/cars" if arguments == PLACES else FOLDER
    ended = call("databricks", "push", "--workspace-folder", folder, *arguments)

    assert ended.code == 2
    assert says in ended.err


@pytest.mark.parametrize(
    ("host", "config", "says"),
    [
        ("http://cars.example", None, "in the clear; write it with https"),
        ("ftp://cars.example", None, "is no address"),
        (None, "[DEFAULT]\nhost = https://cars.example\n", "no host and token were found in profile DEFAULT"),
        (None, "[DEFAULT]\nhost = https://cars.example\ntoken = secret%token\n", "stray %"),
        (None, "token secret\n", "profile DEFAULT cannot be read"),
    ],
)
def test_access_that_cannot_be_used_is_refused_without_showing_it(
    there: DatabricksWorkspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str | None,
    config: str | None, says: str,
) -> None:  # fmt: skip
    """No request is made, and no token is in the message."""
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(config or "")
    for name, value in {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": host and "secret"}.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)

    with pytest.raises(SettingsError, match=says) as error:
        connection.find_access(None)
    assert "secret" not in str(error.value)
    assert there.asked == []


def test_a_file_that_is_no_notebook_is_not_pushed(tmp_path: Path) -> None:
    """Imported as source, it would become a notebook of one cell."""
    (tmp_path / "script.py").write_text("print(1)\n")

    with pytest.raises(NotebookError, match="notebooks pair"):
        read_notebooks(tmp_path)


def test_the_task_reports_an_error_to_who_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It raises, and does not end the process, which is the platform's."""
    monkeypatch.setattr(sys, "argv", ["retrain", "--model", "days_to_sell"])

    with pytest.raises(click.MissingParameter):
        retrain()
