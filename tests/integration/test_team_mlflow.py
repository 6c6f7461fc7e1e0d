"""The MLflow server of a team as its script starts it, used by two people, and looked at by the doctor."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest
import requests
import sqlalchemy as sa
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from days_to_sell.cli.doctor.examination import Wishes, examine
from days_to_sell.cli.doctor.finding import Finding
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.store.prepare import prepare_database
from days_to_sell.settings import Settings
from stack.postgres import Postgres
from stack.s3 import S3Server
from stack.team_mlflow import TeamMlflow
from tests.mlflow_servers import running_postgres
from tests.registered import log_package, open_gates, register

pytestmark = [
    pytest.mark.parts,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.timeout(900),
]

MODEL, BUCKET = "days-to-sell", "models"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "team-mlflow.md"
# Ruth trains; Sam releases what others trained; Kim is in another team.
USERS = {"ruth": "a-password-of-ruth", "sam": "a-password-of-sam", "kim": "a-password-of-kim"}
CONNECTIONS = ("tracking", "registry", "event log", "artifacts", "s3", "clocks")


@dataclass(frozen=True)
class Team:
    """A running server, what it stands on, and a version that Ruth registered."""

    server: TeamMlflow
    database: Postgres
    s3: S3Server
    version: str
    digest: str

    @contextmanager
    def login(self, user: str, word: str | None = None) -> Iterator[MlflowClient]:
        """Work as one of them for a while."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.server.client_variables(user, word or USERS[user]).items():
                patch.setenv(name, value)
            yield MlflowClient(self.server.url)

    def promote(self, user: str) -> None:
        """Ask for Production."""
        with self.login(user) as client:
            client.transition_model_version_stage(MODEL, self.version, "Production", True)

    @property
    def log(self) -> EventLog:
        """The log beside the registry."""
        return EventLog.open(self.database.address)

    def doctor(self, user: str = "ruth", **other: str) -> dict[str, Finding]:
        """What the doctor finds in the environment of a user, where variables may be other ones."""
        variables = {
            "DAYS_TO_SELL_EVENT_LOG": self.database.address,
            "DAYS_TO_SELL_S3_ENDPOINT": self.s3.endpoint,
            "MLFLOW_S3_ENDPOINT_URL": self.s3.endpoint,
            "MLFLOW_EXPERIMENT_NAME": "cars",
        }
        with self.login(user), pytest.MonkeyPatch.context() as patch:
            for name, value in (variables | other).items():
                patch.setenv(name, value)
            wishes = Wishes(write=True, locations=[f"s3a://{BUCKET}/mlflow"])
            return {found.subject: found for found in examine(Settings.from_env(), wishes)}


@pytest.fixture(scope="module")
def team(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The server with three users, of whom Ruth registered a version and let Sam edit the model."""
    home = tmp_path_factory.mktemp("team")
    keys = {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    keys |= {"AWS_REGION": os.environ["AWS_DEFAULT_REGION"], "MLFLOW_S3_ENDPOINT_URL": s3.endpoint}
    with running_postgres() as database:
        place = f"s3://{BUCKET}/mlflow"
        server = TeamMlflow(home / "server", database.bare, database.password, place, keys, workers=1)
        try:
            server.start()
            for name, word in USERS.items():
                server.add_user(name, word)
            draft = Team(server, database, s3, "", "")
            with draft.login("ruth") as client:
                experiment = client.create_experiment("cars")
                client.create_registered_model(MODEL)
                source, package = log_package(client, home / "package", model=MODEL, experiment=experiment)
                version = register(client, MODEL, source)
            server.grant("sam", "registered_model", MODEL, "EDIT")
            yield Team(server, database, s3, version, package.digest)
        finally:
            server.stop()


def test_artifacts_of_a_data_scientist_land_on_s3(team: Team) -> None:
    """Through the server: whoever logs needs no key of S3."""
    found = team.s3.client.list_objects_v2(Bucket=BUCKET, Prefix="mlflow/")["Contents"]
    assert any(each["Key"].endswith("/package.json") for each in found)


def test_a_promotion_is_refused_at_a_red_gate_and_taken_at_a_green_one(team: Team) -> None:
    """Both are in the history, with the names whose passwords MLflow checked."""
    with pytest.raises(MlflowException, match="was never evaluated for these bytes"):
        team.promote("sam")
    open_gates(team.database.address, MODEL, [team.version], team.digest)
    team.promote("sam")
    events = [event for event in team.log.read(MODEL) if event.kind != Kind.GATES]
    assert [event.kind for event in events] == [Kind.REFUSED, Kind.PROMOTED]
    assert {(event.actor.name, event.actor.verified) for event in events} == {("sam", True)}
    assert team.log.verify(MODEL) == []


def test_who_may_only_read_a_model_moves_nothing(team: Team) -> None:
    """MLflow's permissions come before the gates, so that there is no event."""
    before = len(team.log.read(MODEL))
    with pytest.raises(MlflowException, match=r"(?i)permission"):
        team.promote("kim")
    with team.login("kim") as client:
        assert client.get_registered_model(MODEL).name == MODEL
    assert len(team.log.read(MODEL)) == before


def test_no_secret_is_on_a_command_line_or_in_the_log(team: Team) -> None:
    """Anybody on the machine can read the former."""
    words = (team.database.password, team.server.admin_password, os.environ["AWS_SECRET_ACCESS_KEY"])
    lines = [path.read_bytes() for path in map(_command_line, _running(team.server.database)) if path]
    assert any(b"--registry-store-uri\0dts+postgresql://" in line for line in lines)
    said = team.server.log.read_bytes()
    assert not [word for word in words if any(word.encode() in each for each in (*lines, said))]


def test_a_prepared_database_is_left_as_it_is(team: Team) -> None:
    """Running the command again says that all is there; of another revision, it says what to do."""
    done = prepare_database(f"dts+{team.database.address}")
    assert (done.mlflow, done.ours) == (False, ())


def test_the_doctor_finds_a_healthy_team_healthy(team: Team) -> None:
    """Every connection, for somebody who may manage an experiment; nothing stays of what it wrote."""
    found = team.doctor()
    assert {subject: found[subject].told for subject in CONNECTIONS if found[subject].status != "ok"} == {}
    assert found["tracking"].said.endswith("logged in as ruth")
    assert found["registry"].said == f"keeps the gates of {MODEL}"
    assert found["artifacts"].said == "written to experiment 'cars', read and removed again"
    assert not {"the tracking server", "the database", "S3"} - set(
        found["clocks"].said.split(": ")[1].split(", ")
    )
    kept = team.s3.client.list_objects_v2(Bucket=BUCKET, Prefix="mlflow/").get("Contents", [])
    assert not [each["Key"] for each in kept if "days-to-sell-doctor" in each["Key"]]
    assert team.database.password not in json.dumps([each.told for each in found.values()])


def test_the_doctor_tells_wrong_passwords_apart(team: Team) -> None:
    """That of MLflow, that of the database, and the keys of S3: each with the variable to look at."""
    found = team.doctor(MLFLOW_TRACKING_PASSWORD="not-this-one", AWS_SECRET_ACCESS_KEY="nor-this")
    assert found["tracking"].said.endswith("does not take the login of ruth")
    assert "AWS_SECRET_ACCESS_KEY" in found["s3"].remedy
    wrong = team.database.address.replace(team.database.password, "not-this-one")
    log = team.doctor(DAYS_TO_SELL_EVENT_LOG=wrong)["event log"]
    assert (log.status, "password" in log.said, "PGPASSWORD" in log.remedy) == ("broken", True, True)
    assert "not-this-one" not in log.told


def test_the_doctor_tells_what_a_login_may_not(team: Team) -> None:
    """Kim may read, and not write to the experiment of another team."""
    found = team.doctor("kim")
    assert found["tracking"].status == "ok"
    assert found["artifacts"].said == "no artifact can be written to experiment 'cars': the login may not"


def test_the_user_of_the_guide_reads_and_writes_the_log_and_nothing_else(team: Team) -> None:
    """Whoever evaluates gates or releases needs neither MLflow's tables nor a way to change an event."""
    engine = sa.create_engine(team.database.address)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE releases LOGIN PASSWORD 'a-password-of-releases'"))
        for grant in re.findall(r"^GRANT .*;$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE):
            connection.execute(sa.text(grant))
    theirs = engine.url.set(username="releases", password="a-password-of-releases")
    address = theirs.render_as_string(hide_password=False)
    assert team.doctor(DAYS_TO_SELL_EVENT_LOG=address)["event log"].status == "ok"
    open_gates(address, MODEL, [team.version], team.digest)
    for forbidden in ("UPDATE days_to_sell_events SET version = '9'", "SELECT * FROM model_versions"):
        with sa.create_engine(theirs).connect() as connection, pytest.raises(sa.exc.ProgrammingError):
            connection.execute(sa.text(forbidden))


def test_the_doctor_tells_a_log_that_the_server_does_not_write(team: Team, tmp_path: Path) -> None:
    """A log of one's own has the same tables, and none of the promotions."""
    other = EventLog.open(f"sqlite:///{tmp_path / 'own.db'}")
    found = team.doctor(DAYS_TO_SELL_EVENT_LOG=str(other.engine.url))["event log"]
    assert found.status == "broken"
    assert "is not the database of" in found.said


def test_the_doctor_tells_a_server_whose_clock_is_off(team: Team) -> None:
    """A proxy that answers for the server with a clock an hour ahead."""
    with _ahead(team.server.url, 3600) as url:
        found = team.doctor(MLFLOW_TRACKING_URI=url)
    assert found["tracking"].status == "ok"
    assert found["clocks"].status == "note"
    assert re.search(r"the tracking server \+3(59|60)\d s", found["clocks"].said)


def test_the_doctor_tells_that_s3_and_the_database_are_gone(team: Team) -> None:
    """The database is stopped for real; for the client, S3 is at a port where nobody listens."""
    gone = team.doctor(
        DAYS_TO_SELL_S3_ENDPOINT="http://127.0.0.1:9", MLFLOW_S3_ENDPOINT_URL="http://127.0.0.1:9"
    )
    assert gone["s3"].status == "broken"
    assert "DAYS_TO_SELL_S3_ENDPOINT" in gone["s3"].remedy
    team.database.stop()
    try:
        found = team.doctor()
    finally:
        team.database.start()
    assert found["event log"].status == "broken"
    assert "start the database" in found["event log"].remedy
    assert found["tracking"].status == "broken"
    assert found["s3"].status == "ok"
    back = team.doctor()["event log"]
    assert back.status == "ok", back


def _running(database: str) -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and database.encode() in _bytes(path / "cmdline")
    ]


def _command_line(pid: int) -> Path | None:
    path = Path(f"/proc/{pid}/cmdline")
    return path if path.exists() else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@contextmanager
def _ahead(url: str, seconds: float) -> Iterator[str]:
    """A proxy before a server, with a clock of its own."""

    class Clock(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time() + seconds, usegmt=True)

    def answer(request: Request) -> Response:
        kept = {name: request.headers[name] for name in ("Authorization",) if name in request.headers}
        address, sent = f"{url}{request.full_path}", request.get_data()
        told = requests.request(request.method, address, data=sent, headers=kept, timeout=60)
        return Response(told.content, told.status_code)

    app: Callable[..., object] = Request.application(answer)
    proxy = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Clock)  # type: ignore[arg-type]
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.port}"
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
