"""The gated store while its server is killed: what was acknowledged is an event, and each event was done."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
LONGEST_CALM, PAUSE = 1.5, 0.1
# A request waits for the next process that answers; one that was given up could still be read, and done late.
ANSWER_SECONDS = 300
REFUSED = requests.codes.conflict
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

    @property
    def is_certain(self) -> bool:
        """Whether it is in Production since; an error, or none to answer, may have come after the commit."""
        return self.status == requests.codes.ok


@dataclass
class Client:
    """Promotes one version after the other, by stage and by alias, until it is told to stop.

    Args:
        url: The server.
        versions: In turn.
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
            while status != requests.codes.ok and not self._stopping.is_set():
                # A server is healthy while its database is not.
                time.sleep(PAUSE)
                if self._healthy():
                    break

    def acknowledged(self) -> int:
        """Count what is certain."""
        return sum(each.is_certain for each in self.asked)

    def wait_for_another(self) -> None:
        """Wait until the server has recovered: a promotion that is asked for now is acknowledged."""
        wanted, deadline = self.acknowledged() + 1, time.monotonic() + ANSWER_SECONDS
        while self.acknowledged() < wanted:
            assert time.monotonic() < deadline, self.asked[-10:]
            time.sleep(PAUSE)

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
        except requests.Timeout:
            raise
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
    """Processes that answer, the whole server and, on PostgreSQL, its part in the database die by -9."""
    kills, dice = int(pytestconfig.getoption("kills")), random.Random(SEED)  # noqa: S311  # moments, no secrets
    client = Client(registered.server.url, registered.versions(VERSIONS))
    start, ways = registered.now(), (kill_workers, kill_server, kill_in_the_database)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(client.run)
        try:
            for number in range(kills):
                time.sleep(dice.uniform(0.0, LONGEST_CALM))
                ways[number % len(ways)](registered)
                client.wait_for_another()
        finally:
            client.stop()
            asking.result()

    promoted = registered.events(start)
    dialect = registered.log.engine.dialect.name
    print(
        f"{dialect}: {kills} kills, {len(client.asked)} asked, {client.acknowledged()} acknowledged, "
        f"{len(promoted)} events"
    )
    assert client.acknowledged() > kills
    assert {each.kind for each in promoted} == {Kind.PROMOTED}
    assert fault(client.asked, [each.version for each in promoted]) is None
    assert [each.body["from"] for each in promoted] == [None, *(each.version for each in promoted[:-1])]
    assert registered.state() == ((promoted[-1].version,), {"production": promoted[-1].version})
    assert {each.digest for each in promoted} == {registered.digest}


@pytest.mark.parametrize(
    ("asked", "promoted", "found"),
    [
        ("1 2? 3", "1 2 3", None),
        ("1 2? 3", "1 3", None),
        ("1 2? 3? 1? 2", "1 2", None),
        ("1 2? 1? 2", "1 2", None),
        ("1 2? 3? 4?", "1 3", None),
        ("1 1", "1", None),
        ("1 2? 3", "1 2", "request 3, of version 3, was acknowledged, and is no event"),
        ("1 2 3", "1 3", "request 2, of version 2, was acknowledged, and is no event"),
        ("1 2? 3", "1 3 2", "event 3, of version 2, is one that nobody asked for then"),
        ("1 3", "1 1 3", "request 2, of version 3, was acknowledged, and is no event"),
        ("1 2! 3", "1 2 3", "request 3, of version 3, was acknowledged, and is no event"),
        ("1 2!", "1 2", "event 2, of version 2, is one that nobody asked for then"),
    ],
)
def test_a_lost_a_doubled_and_a_late_event_would_be_found(
    asked: str, promoted: str, found: str | None
) -> None:
    """The judge can find fault, and none where there is none; ``?`` is unanswered, ``!`` refused."""
    statuses = {"?": None, "!": REFUSED}
    requested = [Asked(each[0], statuses[each[1]] if each[1:] else 200) for each in asked.split()]
    assert fault(requested, promoted.split()) == found


def fault(asked: Sequence[Asked], promoted: Sequence[str]) -> str | None:
    """Say why the events cannot be what was asked for, in order; ``None`` where they can.

    An acknowledged promotion is the next event, unless the version was in Production already. A refused one
    is none. One that broke off or ended in an error is the next event or none, and never a later one: its
    transaction takes the model's lock before all else and needs its process, which is dead, for every
    statement. So its commit was under way before the next request got that lock, or never comes.
    """
    # How many of the events can be explained by what was asked for so far.
    explained = {0}
    for number, each in enumerate(asked, 1):
        done = {count + 1 for count in explained if count < len(promoted) and promoted[count] == each.version}
        there = {count for count in explained if count and promoted[count - 1] == each.version}
        if each.is_certain:
            follows = done | there
        else:
            follows = explained if each.status == REFUSED else explained | done
        if not follows:
            return f"request {number}, of version {each.version}, was acknowledged, and is no event"
        explained = follows
    last = max(explained)
    if last < len(promoted):
        return f"event {last + 1}, of version {promoted[last]}, is one that nobody asked for then"
    return None


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
    deadline, found = time.monotonic() + ANSWER_SECONDS, None
    while found is None:
        assert time.monotonic() < deadline
        with registered.log.engine.connect() as connection:
            found = connection.scalar(sa.text(f"{theirs} ORDER BY random() LIMIT 1"))
    os.kill(int(found), signal.SIGKILL)
    while not answers(registered.log):
        assert time.monotonic() < deadline
        time.sleep(PAUSE)


def answers(log: EventLog) -> bool:
    """Whether the database has recovered."""
    try:
        log.read(MODEL)
    except EventLogError:
        return False
    return True
