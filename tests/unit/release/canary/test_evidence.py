"""What a canary reads of replicas: the real service's own metrics, as differences."""

from __future__ import annotations

import pytest

from days_to_sell.errors import CanaryError
from days_to_sell.release.canary.evidence import Counts, Reading, read_counts
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from tests.packages import cars, days_by_formula, make_package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """What is served."""
    return make_package(tmp_path_factory.mktemp("evidence") / "package")


@pytest.fixture(scope="module")
def told(package: ModelPackage) -> str:
    """What its service tells after seven cars, a batch of three, a refused one and another address."""
    client = create_app(package, Settings()).test_client()
    for car in cars(7):
        assert client.post("/invocations", json={"dataframe_records": [car]}).status_code == 200
    assert client.post("/invocations", json={"dataframe_records": cars(3)}).status_code == 200
    assert client.post("/invocations", json={"dataframe_records": [{}]}).status_code != 200
    assert client.get("/version").status_code == 200
    return client.get("/metrics").get_data(as_text=True)


def test_requests_errors_times_and_predictions_are_read(told: str, package: ModelPackage) -> None:
    """Of scoring requests alone; a refusal is no answer, whoever is to blame for it."""
    reading = read_counts(told, package.digest)
    counts = reading.counts
    assert reading.since > 1.7e9
    assert (counts.requests, counts.failed, counts.answered, counts.rows) == (9, 1, 8, 10)
    assert max(counts.times.values()) == 9
    answers = [days_by_formula(car) for car in [*cars(7), *cars(3)]]
    assert package.profile is not None
    assert counts.days == {edge: sum(answer <= edge for answer in answers) for edge in package.profile.edges}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("sha256:", "sha256:0", "says that it serves sha256:0"),
        ("days_to_sell_model_info", "other_info", "not the metrics of a scoring service"),
        ('days_to_sell_prediction_days_bucket{le="+Inf"}', "other", "not the metrics of a scoring service"),
        ("days_to_sell_requests_total{", "days_to_sell_requests_total}", "not the metrics of a scoring"),
    ],
)
def test_what_is_no_such_service_is_refused(
    told: str, package: ModelPackage, before: str, after: str, says: str
) -> None:
    """Whatever answers at an address, its numbers count only where it is the version."""
    assert before in told
    with pytest.raises(CanaryError, match=says):
        read_counts(told.replace(before, after), package.digest)


OLD = Reading(1.0, Counts(10, 2, 8, {0.1: 9}, {30.0: 4}))


@pytest.mark.parametrize(
    ("now", "grown"),
    [
        (Reading(1.0, Counts(15, 2, 13, {0.1: 12}, {30.0: 9})), Counts(5, 0, 5, {0.1: 3}, {30.0: 5})),
        (Reading(2.0, Counts(15, 2, 13, {0.1: 12}, {30.0: 9})), Counts(15, 2, 13, {0.1: 12}, {30.0: 9})),
        (Reading(1.0, Counts(15, 2, 13, {0.1: 8}, {30.0: 9})), Counts(15, 2, 13, {0.1: 8}, {30.0: 9})),
    ],
    ids=["counted-on", "started-anew", "went-back"],
)
def test_a_replica_that_was_started_anew_tells_what_came_since(now: Reading, grown: Counts) -> None:
    """What it had counted between the last look and its end is lost, and nothing becomes negative."""
    assert now.after(OLD) == grown


def test_replicas_are_added_up() -> None:
    """Those of one version have the same edges."""
    one, other = Counts(5, 1, 4, {0.1: 3}, {30.0: 2}), Counts(1, 0, 7, {0.1: 1}, {30.0: 5})
    assert one + other == Counts(6, 1, 11, {0.1: 4}, {30.0: 7})
    assert one + Counts(1, 1) == Counts(6, 2, 4, {0.1: 3}, {30.0: 2})
