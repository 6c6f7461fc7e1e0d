"""The gated store while its server is killed: what was acknowledged is an event, and what is an event was done."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
import sqlalchemy as sa

from days_to_sell.errors import EventLogError
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from tests.integration.gated_registry import MODEL, Registered, prepare
from tests.mlflow_servers import GatedServer, postgresql

pytestmark = [
    pytest.mark.parts,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.timeout(3600),
]
SEED, VERSIONS, WORKERS = 7, 8, 2
LONGEST_PAUSE = 1.5
ANSWER_SECONDS = 30
STAGE, ALIAS = "model-versions/transition-stage", "registered-models/alias"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def registered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registered]:
    """A model of ours in a server with two processes that answer, on each kind of database."""
    home = tmp_path_factory.mktemp("killed")
    options = ["--artifacts-destination", str(home / "artifacts")]
    if request.param == "postgresql":
        with postgresql() as database:
            yield from running(GatedServer(home, database, options, workers=WORKERS))
    else:
        database = f"sqlite:///{home / 'mlflow.db'}"
        yield from running(GatedServer(home, database, options, workers=WORKERS))


def running(server: GatedServer) -> Iterator[Registered]:
    """Start a server, register in it, and end it."""
    server.start()
    try:
        yield prepare(server)
    finally:
        server.stop(signal.SIGKILL)


@dataclass(frozen=True)
class Asked:
    """A promotion that a client asked for.

    Args:
        version: Of this version.
        status: What was answered; ``None`` where the connection broke before.
    """

    version: str
    status: int | None


@dataclass
class Client:
    """Promotes one version after the other, by stage and by alias, until it is told to stop.

    Args:
        url: The server.
        versions: So many that none comes again before another one got in.
    """

    url: str
    versions: list[str]
    asked: list[Asked] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Promote; after a broken connection, wait for the server rather than ask into the void."""
        while not self._stopping.is_set():
            number = len(self.asked)
            version = self.versions[number % len(self.versions)]
            status = self._promote(version, by_stage=number % 2 == 0)
            self.asked.append(Asked(version, status))
            while status != requests.codes.ok and not self._stopping.is_set() and not self._healthy():
                time.sleep(0.05)

    def stop(self) -> None:
        """Ask for no more."""
        self._stopping.set()

    def _promote(self, version: str, *, by_stage: bool) -> int | None:
        path, more = (
            (STAGE, {"stage": "Production", "archive_existing_versions": True})
            if by_stage
            else (ALIAS, {"alias": "production"})
        )
        try:
            return requests.post(
                f"{self.url}/api/2.0/mlflow/{path}",
                data=json.dumps({"name": MODEL, "version": version, **more}),
                headers={"Content-Type": "application/json"},
                timeout=ANSWER_SECONDS,
            ).status_code
        except requests.RequestException:
            return None

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=ANSWER_SECONDS).ok
        except requests.RequestException:
            return False


def test_what_is_acknowledged_is_an_event_whatever_is_killed(
    registered: Registered, pytestconfig: pytest.Config
) -> None:
    """Processes that answer, the whole server and, on PostgreSQL, what serves it in the database die by -9."""
    kills, dice = int(pytestconfig.getoption("kills")), random.Random(SEED)
    client = Client(registered.server.url, registered.versions(VERSIONS))
    start, ways = registered.now(), (kill_workers, kill_server, kill_in_the_database)
    thread = threading.Thread(target=client.run)
    thread.start()
    try:
        for number in range(kills):
            time.sleep(dice.uniform(0.0, LONGEST_PAUSE))
            ways[number % len(ways)](registered)
            registered.server.wait()
    finally:
        client.stop()
        thread.join()

    promoted = [each for each in registered.events(start) if each.kind == Kind.PROMOTED]
    acknowledged = sum(each.status == requests.codes.ok for each in client.asked)
    print(f"{kills} kills, {len(client.asked)} asked, {acknowledged} acknowledged, {len(promoted)} events")
    assert acknowledged > kills
    assert unmatched(client.asked, [each.version for each in promoted]) == []
    assert [each.body["from"] for each in promoted] == [None, *(each.version for each in promoted[:-1])]
    assert registered.state() == ((promoted[-1].version,), {"production": promoted[-1].version})
    assert {each.digest for each in promoted} == {registered.digest}


def test_a_lost_and_a_doubled_event_would_be_found() -> None:
    """The judge can find fault, which the test above rests on."""
    asked = [Asked("1", 200), Asked("2", None), Asked("3", 200)]
    assert unmatched(asked, ["1", "2", "3"]) == unmatched(asked, ["1", "3"]) == []
    assert unmatched(asked, ["1", "2"]) == ["3 was acknowledged, and is no event"]
    assert "1 is an event that nobody asked for" in unmatched(asked, ["1", "1", "3"])


def unmatched(asked: list[Asked], promoted: list[str]) -> list[str]:
    """Name what was acknowledged without an event, and events without a request, in the order of both."""
    waiting, wrong = list(promoted), []
    for each in asked:
        if waiting and waiting[0] == each.version:
            waiting.pop(0)
        elif each.status == requests.codes.ok:
            wrong.append(f"{each.version} was acknowledged, and is no event")
    return wrong + [f"{version} is an event that nobody asked for" for version in waiting]


def kill_workers(registered: Registered) -> None:
    """Kill what answers; the server starts others."""
    assert registered.server.kill_workers() > 0


def kill_server(registered: Registered) -> None:
    """Kill the server with all its processes, and start it again."""
    registered.server.stop(signal.SIGKILL)
    registered.server.start()


def kill_in_the_database(registered: Registered) -> None:
    """Kill a process of PostgreSQL, which then ends all connections and recovers; else the server again."""
    if registered.log.engine.dialect.name != "postgresql":
        kill_server(registered)
        return
    theirs = (
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with registered.log.engine.connect() as connection:
        found = connection.scalar(sa.text(f"{theirs} LIMIT 1"))
    assert found is not None
    os.kill(int(found), signal.SIGKILL)
    deadline = time.monotonic() + ANSWER_SECONDS
    while not answers(registered.log):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(log: EventLog) -> bool:
    """Whether the database has recovered."""
    try:
        log.read(MODEL)
    except EventLogError:
        return False
    return True
